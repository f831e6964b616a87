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
  body: string;
  /** Whether `body` is the text of a JSON value, or a text that the seller wrote as such. */
  json: boolean;
}

export function storeTemplate(template: ResponseTemplate): StoredTemplate {
  const { status, mimeType, body } = template;
  return typeof body === 'string'
    ? { status, mimeType, body, json: false }
    : { status, mimeType, body: JSON.stringify(body), json: true };
}

export function readTemplate(stored: StoredTemplate): ResponseTemplate {
  const { status, mimeType, body, json } = stored;
  return { status, mimeType, body: json ? JSON.parse(body) : body };
}
