// Deletes the customer and returns what it was; null if it was not there.
import { util } from '@aws-appsync/utils';

export function request(ctx) {
	return { operation: 'DeleteItem', key: util.dynamodb.toMapValues({ id: ctx.args.input.id }) };
}

export function response(ctx) {
	const { error, result } = ctx;
	if (error) {
		return util.appendError(error.message, error.type, result);
	}
	return result;
}
