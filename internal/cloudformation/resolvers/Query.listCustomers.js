// One page of the table. The limit counts what is scanned, before the filter: a page
// may be empty and still have a nextToken.
import { util } from '@aws-appsync/utils';

export function request(ctx) {
	const { filter, limit, nextToken } = ctx.args;
	return {
		operation: 'Scan',
		filter: filter ? JSON.parse(util.transform.toDynamoDBFilterExpression(filter)) : null,
		limit: limit ?? 20,
		nextToken: nextToken ? nextToken : null, // "" begins at the start, as null does
	};
}

export function response(ctx) {
	const { error, result } = ctx;
	if (error) {
		return util.appendError(error.message, error.type, result);
	}
	const { items = [], nextToken } = result;
	return { items, nextToken };
}
