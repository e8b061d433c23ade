// One stream over the package as npm has installed it: node esm.mjs PORT TELEMETRY_PROTO.
import { Client, credentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ResumableClient, resumableMethods } from 'holdfast-streams';

const [port, proto] = process.argv.slice(2);
const service = loadSync(proto)['holdfast.examples.v1.Telemetry'];
const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
const report = resumableMethods(service, new ResumableClient(client)).Report();
await report.write({ device: 'd1', number: 1, value: 2.5 });
await report.write({ device: 'd1', number: 2, value: 2.5 });
report.end();
for await (const receipt of report) {
  console.log(`reading=${receipt.number} sum=${receipt.sum}`);
}
client.close();
