// The part of @aws-appsync/utils that the resolvers use, as the AppSync developer guide
// describes it ("Built-in utilities", "DynamoDB helpers", "Transformation helpers").
let nextId;
let appended = [];

/** Begins a request in which autoId makes id. */
export function begin(id) {
	nextId = id;
	appended = [];
}

/** The errors that the resolver appended. */
export const errors = () => appended;

const operators = {
	eq: (name, value) => `${name} = ${value}`,
	ne: (name, value) => `${name} <> ${value}`,
	lt: (name, value) => `${name} < ${value}`,
	le: (name, value) => `${name} <= ${value}`,
	gt: (name, value) => `${name} > ${value}`,
	ge: (name, value) => `${name} >= ${value}`,
	contains: (name, value) => `contains(${name}, ${value})`,
	notContains: (name, value) => `NOT contains(${name}, ${value})`,
	beginsWith: (name, value) => `begins_with(${name}, ${value})`,
};

export const util = {
	autoId: () => nextId,

	appendError(message, type) {
		appended.push({ message, type });
	},

	dynamodb: {
		toMapValues: (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typed(value)])),
	},

	transform: {
		toDynamoDBFilterExpression(filter) {
			const conditions = [];
			const expressionNames = {};
			const expressionValues = {};
			for (const [field, wanted] of Object.entries(filter)) {
				for (const [operator, operand] of Object.entries(wanted)) {
					const name = `#${field}`;
					const value = `:${field}_${operator}`;
					expressionNames[name] = field;
					if (operator === 'between') {
						expressionValues[`${value}0`] = typed(operand[0]);
						expressionValues[`${value}1`] = typed(operand[1]);
						conditions.push(`(${name} BETWEEN ${value}0 AND ${value}1)`);
					} else {
						expressionValues[value] = typed(operand);
						conditions.push(`(${operators[operator](name, value)})`);
					}
				}
			}
			return JSON.stringify({ expression: conditions.join(' AND '), expressionNames, expressionValues });
		},
	},
};

function typed(value) {
	if (value === null) return { NULL: true };
	if (typeof value === 'string') return { S: value };
	throw new Error(`the schema has no such value: ${value}`);
}
