/** Why the daemon does not start, for a person. Nothing of it is left running. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly fix: string;
  constructor(message: string, fix: string, options?: ErrorOptions) {
    super(message, options);
    this.fix = fix;
  }
}
