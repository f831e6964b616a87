/** A link's answer as its owner wrote it (API.md `response`). */
export interface ResponseTemplate {
  status: number;
  mimeType: string;
  body: unknown;
  /** A JSON body is kept as its text, so that it is answered verbatim: see libs/links/template.ts. */
  json?: boolean;
}

export interface RenderedAnswer {
  status: number;
  mimeType: string;
  body: Buffer;
}

/** The template as bytes: text as it stands, anything else as JSON. */
export function renderTemplate(template: ResponseTemplate): RenderedAnswer {
  const text = typeof template.body === 'string' ? template.body : JSON.stringify(template.body);
  return { status: template.status, mimeType: template.mimeType, body: Buffer.from(text, 'utf8') };
}

/** `wrap_receipt`: the answer beside the receipt that proves it was paid. */
export function wrapWithReceipt(template: ResponseTemplate, receipt: object): RenderedAnswer {
  const data = template.json === true ? String(template.body) : JSON.stringify(template.body);
  return {
    status: template.status,
    mimeType: 'application/json',
    body: Buffer.from(`{"data":${data},"receipt":${JSON.stringify(receipt)}}`, 'utf8'),
  };
}
