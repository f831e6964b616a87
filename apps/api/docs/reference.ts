import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { ZodType } from 'zod';
import { createSchema } from 'zod-openapi';
import { Problem } from '../http/problem-schema.ts';

/** The OpenAPI 3.1 document, made from the zod schemas that validate and the answers that routes declare. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const about = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Ebb')
    .setDescription(
      'Settles paywall payments on Solana and gives money back. Amounts are atoms as decimal strings; times are RFC 3339 UTC.',
    )
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'ebb_test_… or ebb_live_…' }, 'key')
    .build();
  Object.assign(about, { components: { ...about.components, schemas: jsonSchema(Problem, 'output').components } });
  return SwaggerModule.createDocument(app, about, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
    standardSchemaConverter: (schema, { schemaType }) => jsonSchema(schema as ZodType, schemaType),
  });
}

const jsonSchema = (schema: ZodType, io: 'input' | 'output') => createSchema(schema, { io, openapiVersion: '3.1.0' });

/** Serves the document at /openapi.json and its reading room at /api/reference; nothing is loaded from elsewhere. */
export function serveReference(app: INestApplication): void {
  let document: OpenAPIObject | undefined;
  SwaggerModule.setup('api/reference', app, () => (document ??= openApiDocument(app)), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Ebb API',
  });
}
