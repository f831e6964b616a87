/** What a paid call is answered with, as the seller wrote it. */
export interface ResponseTemplate {
  status: number;
  mimeType: string;
  body: unknown;
}

/**
 * How it is kept: a JSON body as its text, since jsonb would reorder its members and the buyer is promised it verbatim.
 */
export interface StoredTemplate {
  status: number;
  mimeType: string;
  json: boolean;
  text: string;
}

export function storeTemplate(template: ResponseTemplate): StoredTemplate {
  const { status, mimeType, body } = template;
  const plain = typeof body === 'string';
  return { status, mimeType, json: !plain, text: plain ? body : JSON.stringify(body) };
}

export function readTemplate(stored: StoredTemplate): ResponseTemplate {
  const { status, mimeType, json, text } = stored;
  return { status, mimeType, body: json ? JSON.parse(text) : text };
}
