/**
 * A server that resets its connections: TCP's RST, which nothing in `Deno` sends.
 *
 * @module
 */
import { type AddressInfo, createServer, type Socket } from "node:net";

/** The server. */
export interface ResettingServer extends AsyncDisposable {
  /** For `baseUrl`, its `/v1` included. */
  readonly url: string;
  /** Resets every connection. */
  reset(): void;
}

/**
 * Starts a server that answers each request with `answer`, byte for byte, and then says nothing; without an answer it
 * resets the connection as soon as a request begins.
 */
export async function startResetting(answer?: string): Promise<ResettingServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}); // The client may be the first to go.
    socket.once("data", () => {
      if (answer === undefined) socket.resetAndDestroy();
      else socket.write(answer);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const reset = () => sockets.forEach((socket) => socket.resetAndDestroy());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    reset,
    async [Symbol.asyncDispose]() {
      reset();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
