export function fmt(price) {
  return (price / 100).toFixed(2);
}
