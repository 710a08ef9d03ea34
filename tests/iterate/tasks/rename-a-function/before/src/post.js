import { fmt } from "./format.js";

export function post(price) {
  return "post: " + fmt(price);
}
