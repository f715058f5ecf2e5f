export { createBottlerocketApi } from './bottlerocket-api.ts';
export type { AwaitCommandOptions, BottlerocketApi, BottlerocketApiOptions } from './bottlerocket-api.ts';
export type { ActionResult, CommandReport, CommandResult, KnownUpdateStatus, OsInfo, UpdateCommand, UpdateStatus } from './types.ts';
