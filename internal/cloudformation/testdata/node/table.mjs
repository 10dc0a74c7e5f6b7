// AppSync's DynamoDB data source: makes a DynamoDB request of what a resolver asks for,
// and an answer for it, as the developer guide describes them ("JavaScript resolver
// function reference for DynamoDB", with "Condition expressions" for what becomes of a
// condition that failed).

/** Makes a table whose key is the text id, and returns what sends requests to it. */
export async function open(endpoint, TableName) {
	const send = (operation, input) => call(endpoint, operation, { TableName, ...input });
	await send('CreateTable', {
		BillingMode: 'PAY_PER_REQUEST',
		AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
		KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
	});
	return ({ operation, ...request }) => operations[operation](send, request);
}

const operations = {
	async GetItem(send, { key }) {
		return plain((await send('GetItem', { Key: key })).Item);
	},
	async PutItem(send, { key, attributeValues, condition }) {
		const item = { ...attributeValues, ...key };
		try {
			await send('PutItem', { Item: item, ...conditional(condition) });
			return plain(item);
		} catch (error) {
			// What is there already as it was wanted counts as put.
			const there = await current(send, key, condition, error);
			if (!same(there, item, condition.equalsIgnore)) throw error;
			return plain(there);
		}
	},
	// Of an update nobody can tell whether what is there is what was wanted.
	async UpdateItem(send, { key, update, condition }) {
		const { Attributes } = await send('UpdateItem', {
			Key: key,
			UpdateExpression: update.expression,
			...conditional(condition),
			...attributes(update, condition),
			ReturnValues: 'ALL_NEW',
		});
		return plain(Attributes);
	},
	async DeleteItem(send, { key, condition }) {
		try {
			return plain((await send('DeleteItem', { Key: key, ...conditional(condition), ReturnValues: 'ALL_OLD' })).Attributes);
		} catch (error) {
			// What is gone already counts as deleted.
			if (await current(send, key, condition, error)) throw error;
			return null;
		}
	},
	async Scan(send, { filter, limit, nextToken }) {
		const page = await send('Scan', {
			Limit: limit,
			ExclusiveStartKey: nextToken ? JSON.parse(atob(nextToken)) : undefined,
			FilterExpression: filter?.expression,
			...attributes(filter),
		});
		return {
			items: page.Items.map(plain),
			scannedCount: page.ScannedCount,
			nextToken: page.LastEvaluatedKey ? btoa(JSON.stringify(page.LastEvaluatedKey)) : null,
		};
	},
};

// What is there, if anything, after the condition failed. Another error is thrown again.
async function current(send, key, condition, error) {
	if (error.type !== 'DynamoDB:ConditionalCheckFailedException') throw error;
	return (await send('GetItem', { Key: key, ConsistentRead: condition.consistentRead ?? true })).Item;
}

function conditional(condition) {
	return condition ? { ConditionExpression: condition.expression, ...attributes(condition) } : {};
}

// The names and values of all expressions of a request; DynamoDB refuses empty ones.
function attributes(...expressions) {
	const all = (part) => {
		const joined = Object.assign({}, ...expressions.map((expression) => expression?.[part]));
		return Object.keys(joined).length > 0 ? joined : undefined;
	};
	return { ExpressionAttributeNames: all('expressionNames'), ExpressionAttributeValues: all('expressionValues') };
}

function plain(item) {
	if (!item) return null;
	return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value.NULL ? null : value.S]));
}

function same(a, b, ignored = []) {
	const sorted = (item) => JSON.stringify(Object.entries(item ?? {}).filter(([name]) => !ignored.includes(name)).sort());
	return sorted(a) === sorted(b);
}

async function call(endpoint, operation, input) {
	const response = await fetch(endpoint, {
		method: 'POST',
		headers: {
			'Content-Type': 'application/x-amz-json-1.0',
			'X-Amz-Target': `DynamoDB_20120810.${operation}`,
			'X-Amz-Date': '20260102T150405Z',
			Authorization: 'AWS4-HMAC-SHA256 Credential=x/20260102/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=x',
		},
		body: JSON.stringify(input),
	});
	const answer = await response.json();
	if (response.ok) return answer;
	const name = answer.__type.split('#')[1];
	const known = name === 'ConditionalCheckFailedException' ? name : 'DynamoDbException';
	const text = (answer.message ?? answer.Message ?? '')
		// dynalite 4.0.0 has older words for an empty key.
		.replace('were invalid: The AttributeValue', 'are not valid. The AttributeValue');
	const error = new Error(`${text} (Service: DynamoDb, Status Code: 400, Request ID: X, Extended Request ID: null)`);
	error.type = `DynamoDB:${known}`;
	throw error;
}
