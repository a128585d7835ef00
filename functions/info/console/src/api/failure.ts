/** Why something was not done: what the service says, or that it cannot be reached. */
export class Failure extends Error {
  constructor(
    /** The HTTP status; 0 when no answer came. */
    readonly status: number,
    message: string,
    /** How long to wait before another try, in seconds, if the service says so. */
    readonly retryAfter?: number,
    /** What the service tells beside the text. */
    readonly data?: unknown,
  ) {
    super(/[.!?]$/.test(message) ? message : `${message}.`);
    this.name = "Failure";
  }

  /** Whether no answer came at all. */
  get isNetwork(): boolean {
    return this.status === 0;
  }
}

export function networkFailure(): Failure {
  return new Failure(0, "The service cannot be reached.");
}

/** Whatever was thrown, as a failure that can be shown. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure(-1, error instanceof Error ? error.message : String(error));
}

/** What whoever reads of a failure can do, where the service's own text does not say it. */
export function advice(failure: Failure): string {
  const wait = failure.retryAfter;
  if (/try again|choose another|log on again/i.test(failure.message)) return "";
  switch (failure.status) {
    case 0:
      return "Check your network connection, then try again.";
    case 400:
      return /name in the path/.test(failure.message) ? "Rename it first." : "";
    case 404:
      return /is not found|^Nothing is stored/.test(failure.message)
        ? "It may have been moved or deleted meanwhile."
        : "";
    case 409:
      if (wait) return "Something else is changing the same. Try again in a moment.";
      return /already|in the way/.test(failure.message) ? "Choose another name or place." : "";
    case 412:
      return "Somebody has stored another version meanwhile. Load the folder again before you replace it.";
    case 413:
      return failure.data ? "Delete something, or ask for more room." : "";
    case 429:
      return wait ? `Try again in ${inWords(wait)}.` : "Wait a little, then try again.";
    case 500:
    case 502:
    case 503:
    case 504:
      return wait ? `Try again in ${inWords(wait)}.` : "Try again in a moment.";
    default:
      return "";
  }
}

function inWords(seconds: number): string {
  if (seconds < 90) return `${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `${minutes} minutes` : `${Math.ceil(minutes / 60)} hours`;
}
