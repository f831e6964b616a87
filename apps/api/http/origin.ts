/** The origin this API is reached at: set in the settings, or known once it listens. */
export class Origin {
  url: string;

  constructor(configured: string | undefined) {
    this.url = (configured ?? 'http://localhost').replace(/\/+$/, '');
  }
}
