// Puts a customer under a new id; under the caller's, where the schema lets the
// input have one. An attribute that is not given is not stored.
import { util } from '@aws-appsync/utils';

export function request(ctx) {
	const { id, ...values } = ctx.args.input;
	return {
		operation: 'PutItem',
		key: util.dynamodb.toMapValues({ id: id ?? util.autoId() }),
		attributeValues: util.dynamodb.toMapValues(values),
		condition: { expression: 'attribute_not_exists(#id)', expressionNames: { '#id': 'id' } },
	};
}

export function response(ctx) {
	const { error, result } = ctx;
	if (error) {
		return util.appendError(error.message, error.type, result);
	}
	return result;
}
