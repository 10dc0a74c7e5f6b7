// Runs resolvers as AppSync does, over a DynamoDB of its own. Prints where that is, then
// answers each line {"field", "args", "id"} with a line {"result", "errors"}; id is what
// util.autoId makes.
import { createInterface } from 'node:readline';
import dynalite from 'dynalite';
import { begin, errors } from './runtime.mjs';
import { open } from './table.mjs';

const server = dynalite({ createTableMs: 0 });
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const endpoint = `http://127.0.0.1:${server.address().port}`;
await open(endpoint, 'emulator'); // that is the other side's
const table = await open(endpoint, 'template');
console.log(JSON.stringify({ endpoint }));

for await (const line of createInterface({ input: process.stdin })) {
	const { field, args, id } = JSON.parse(line);
	const { request, response } = await import(`./resolvers/${field}.js`);
	begin(id);
	const ctx = { args };
	try {
		ctx.result = await table(request(ctx));
	} catch (error) {
		if (!error.type) throw error; // not DynamoDB's
		ctx.error = { message: error.message, type: error.type };
	}
	const result = response(ctx) ?? null;
	console.log(JSON.stringify({ result, errors: errors() }));
}
process.exit(); // others may keep connections to the server
