/** Plain HTTP over a control socket, for requests that our client does not send. */
import http from 'node:http';

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  /** Undefined: none, and no content type. */
  readonly body: string | undefined;
  readonly type?: string;
}

export interface HttpReply {
  readonly status: number;
  readonly text: string;
}

/** Sends a request to the socket at `socketPath`; resolves when the reply is whole. */
export function askSocket(
  socketPath: string,
  { method, path, body, type = 'application/json' }: HttpRequest,
): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': type };
    const request = http.request({ socketPath, method, path, headers });
    request.once('error', reject);
    request.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.end(body);
  });
}
