/** Numbers and times as people read them. */

const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

/** A size as the API's own labels count it, in thousands. */
export function size(bytes: number): string {
  let unit = 0;
  let number = bytes;
  while (number >= 999.5 && unit < UNITS.length - 1) {
    number /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || number >= 99.5 ? 0 : number >= 9.95 ? 1 : 2;
  return `${number.toFixed(digits)} ${bytes === 1 ? "byte" : UNITS[unit]}`;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

const TIME = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

export function time(iso: string): string {
  return TIME.format(new Date(iso));
}

export function day(iso: string): string {
  return DAY.format(new Date(iso));
}

/** A time that is known to the hour. */
export function hour(iso: string): string {
  const begun = new Date(iso).getTime();
  return Date.now() - begun < 2 * 3_600_000 ? "in the last two hours" : `on ${day(iso)}`;
}

/** Names of browsers by what they say of themselves; of several that fit, the first. */
const BROWSERS = [
  ["Edg/", "Edge"],
  ["OPR/", "Opera"],
  ["Firefox/", "Firefox"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
] as const;

const SYSTEMS = [
  ["Android", "Android"],
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Windows", "Windows"],
  ["Mac OS", "macOS"],
  ["CrOS", "ChromeOS"],
  ["Linux", "Linux"],
] as const;

/** A browser and its system; of other programs, what they call themselves. */
export function device(userAgent: string): string {
  const browser = BROWSERS.find(([sign]) => userAgent.includes(sign))?.[1];
  const system = SYSTEMS.find(([sign]) => userAgent.includes(sign))?.[1];
  return browser && system ? `${browser} on ${system}` : userAgent;
}
