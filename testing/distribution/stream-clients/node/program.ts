import { Client, credentials } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/grpc-js';
import { ResumableClient, type ResumableStream } from 'holdfast-streams';
declare const report: MethodDefinition<string, number>;
export const stream: ResumableStream<string, number> = new ResumableClient(new Client('a:1', credentials.createInsecure())).open(report);
export const next: Promise<IteratorResult<number>> = stream.next();
// @ts-expect-error a message of another type: the declarations are there, and no `any`.
export const written: Promise<void> = stream.write(1);
