export { sleep, systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export { VirtualClock } from './virtual-clock.ts';
export { seededRandom, systemRandom } from './random.ts';
export type { Random } from './random.ts';
export { inProcessClient, jsonResponse, streamResponse, textResponse } from './http.ts';
export type { HttpClient, HttpHandler, HttpHeaders, HttpRequest, HttpResponse } from './http.ts';
export { FollowingClock } from './following-clock.ts';
