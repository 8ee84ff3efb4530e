/** Works without ever listening: finds prime numbers, a few each second, until it is told to end. */
const intervalMs = 1_000;
const perRound = 5;

let candidate = 2;

const timer = setInterval(() => {
  const found: number[] = [];
  for (; found.length < perRound; candidate++) if (isPrime(candidate)) found.push(candidate);
  console.log(`found ${found.join(" ")}`);
}, intervalMs);

process.on("SIGTERM", () => {
  clearInterval(timer);
  console.log(`ended before ${candidate}`);
});

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return true;
}
