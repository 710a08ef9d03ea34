import { fmt } from "./format.js";

export function user(price) {
  return "user: " + fmt(price);
}
