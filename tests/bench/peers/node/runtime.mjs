// The loop of the Lambda runtime: takes events and gives answers back. AWS's own client compiles C++ when it is installed.

import { Agent, request } from "node:http";
import { handler } from "./app.mjs";

const agent = new Agent({ keepAlive: true });
const base = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;

function call(path, method, body) {
  return new Promise((resolve, reject) => {
    const sent = request(`${base}/${path}`, { agent, method }, (answer) => {
      const pieces = [];
      answer.on("data", (piece) => pieces.push(piece));
      answer.on("end", () => resolve({ headers: answer.headers, text: Buffer.concat(pieces).toString() }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

for (;;) {
  const { headers, text } = await call("next", "GET");
  const id = headers["lambda-runtime-aws-request-id"];
  try {
    await call(`${id}/response`, "POST", JSON.stringify(await handler(JSON.parse(text), {})));
  } catch (error) {
    await call(`${id}/error`, "POST", JSON.stringify({ errorMessage: String(error), errorType: "Error" }));
  }
}
