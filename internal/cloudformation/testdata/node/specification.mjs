// Compares a template with CloudFormation's specification of its resource types, as the
// CDK reads it. Prints what does not fit, and then fails.
import { readFileSync } from 'node:fs';
import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';

const specification = await loadAwsServiceSpec();
const template = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const types = {};
let faults = 0;

function fault(where, what) {
	faults++;
	console.log(`${where}: ${what}`);
}

for (const [name, resource] of Object.entries(template.Resources)) {
	const [type] = specification.lookup('resource', 'cloudFormationType', 'equals', resource.Type);
	if (type) {
		types[name] = type;
		properties(name, type.properties, resource.Properties);
	} else {
		fault(name, `there is no type ${resource.Type}`);
	}
}
attributes('template', template);
if (faults > 0 || Object.keys(types).length === 0) process.exit(1);

// The value of a property, as it is when its function has been worked out; undefined
// where only CloudFormation knows it.
function worked(where, value, check) {
	if (value?.['Fn::If']) {
		for (const branch of value['Fn::If'].slice(1)) worked(where, branch, check);
		return;
	}
	if (value?.Ref) {
		const parameter = template.Parameters[value.Ref];
		for (const allowed of parameter?.AllowedValues ?? []) check(allowed);
		if (parameter?.Default && !parameter.AllowedValues) check(parameter.Default);
		return;
	}
	if (!value?.['Fn::GetAtt'] && !value?.['Fn::Sub']) check(value);
}

function properties(where, known, given) {
	for (const [name, property] of Object.entries(known)) {
		if (property.required && !(name in given)) fault(where, `it has no ${name}`);
	}
	for (const [name, value] of Object.entries(given)) {
		const property = known[name];
		if (!property) fault(where, `there is no property ${name}`);
		else worked(where, value, (plain) => fits(`${where}.${name}`, property.type, plain));
	}
}

function fits(where, type, value) {
	switch (type.type) {
		case 'ref':
			properties(where, specification.get('typeDefinition', type.reference.$ref).properties, value);
			break;
		case 'array':
			if (!Array.isArray(value)) fault(where, 'it is no list');
			else value.forEach((item, i) => worked(where, item, (plain) => fits(`${where}[${i}]`, type.element, plain)));
			break;
		case 'union':
		case 'json':
		case 'map':
			break; // free
		case 'string':
			if (typeof value !== 'string') fault(where, `${JSON.stringify(value)} is no text`);
			break;
		case 'boolean':
			if (!['true', 'false'].includes(String(value))) fault(where, `${JSON.stringify(value)} is not true or false`);
			break;
		case 'number':
		case 'integer':
			if (!Number.isSafeInteger(Number(value))) fault(where, `${JSON.stringify(value)} is no number`);
			break;
		default:
			fault(where, `the check does not know ${type.type}`);
	}
	if (type.allowedValues && !type.allowedValues.includes(value)) fault(where, `${JSON.stringify(value)} is not allowed`);
}

// Every GetAtt must name an attribute that its resource has.
function attributes(where, value) {
	if (value?.['Fn::GetAtt']) {
		const [name, attribute] = value['Fn::GetAtt'];
		if (!types[name]?.attributes[attribute]) fault(where, `${name} has no attribute ${attribute}`);
	} else if (value && typeof value === 'object') {
		for (const [key, inner] of Object.entries(value)) attributes(`${where}.${key}`, inner);
	}
}
