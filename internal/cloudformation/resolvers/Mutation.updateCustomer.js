// Sets the attributes that are given and removes those that are given as null or "".
// A customer that is not there is an error.
import { util } from '@aws-appsync/utils';

export function request(ctx) {
	const { id, ...values } = ctx.args.input;
	const sets = [];
	const removes = [];
	const expressionNames = {};
	const expressionValues = {};
	for (const [name, value] of Object.entries(values)) {
		expressionNames[`#${name}`] = name;
		if (value) {
			sets.push(`#${name} = :${name}`);
			expressionValues[`:${name}`] = value;
		} else {
			removes.push(`#${name}`);
		}
	}
	if (sets.length + removes.length === 0) {
		// An update needs an expression: this one changes nothing.
		expressionNames['#nothing'] = 'nothing';
		removes.push('#nothing');
	}
	const set = sets.length > 0 ? `SET ${sets.join(', ')}` : '';
	const remove = removes.length > 0 ? ` REMOVE ${removes.join(', ')}` : '';
	return {
		operation: 'UpdateItem',
		key: util.dynamodb.toMapValues({ id }),
		update: {
			expression: set + remove,
			expressionNames,
			expressionValues: util.dynamodb.toMapValues(expressionValues),
		},
		condition: { expression: 'attribute_exists(#id)', expressionNames: { '#id': 'id' } },
	};
}

export function response(ctx) {
	const { error, result } = ctx;
	if (error) {
		return util.appendError(error.message, error.type, result);
	}
	return result;
}
