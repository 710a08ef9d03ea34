import { fmt } from "./format.js";

export function mail(price) {
  return "mail: " + fmt(price);
}
