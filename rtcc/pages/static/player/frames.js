// Recorded footage as it comes over HTTP: u8 type | u32be length | payload, read as it arrives.

import { Answered } from "../design/page.js";

const INIT = 1;
const CHUNK = 2;
const END = 4;
const HEAD = 5;
const text = new TextDecoder();

function frameOf(type, payload) {
  if (type === INIT) {
    const line = payload.indexOf(10);
    return { type: "init", header: JSON.parse(text.decode(payload.subarray(0, line))), bytes: payload.subarray(line + 1) };
  }
  if (type === CHUNK) {
    const view = new DataView(payload.buffer, payload.byteOffset);
    return { type: "chunk", at: view.getFloat64(0), isKey: view.getUint8(8) === 1, bytes: payload.subarray(9) };
  }
  if (type === END) return { type: "end", ...JSON.parse(text.decode(payload)) };
  return { type: "other" };
}

function joined(first, second) {
  if (!first.length) return second;
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

/** Yields the frames of one request. Throws `Answered` where the server refuses, AbortError where `signal` says so. */
export async function* framesOf(url, signal) {
  const response = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/octet-stream, application/json" }, signal });
  if (!response.ok) {
    const isJson = (response.headers.get("Content-Type") || "").includes("json");
    throw new Answered(response.status, isJson ? await response.json() : {});
  }
  const reader = response.body.getReader();
  let rest = new Uint8Array(0);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest = joined(rest, value);
    while (rest.length >= HEAD) {
      const length = new DataView(rest.buffer, rest.byteOffset).getUint32(1);
      if (rest.length < HEAD + length) break;
      yield frameOf(rest[0], rest.slice(HEAD, HEAD + length));
      rest = rest.subarray(HEAD + length);
    }
  }
}
