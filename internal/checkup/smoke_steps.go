package checkup

// The steps of a smoke test, by their ids.
const (
	stepTampered     = "SMOKE-001"
	stepExpired      = "SMOKE-002"
	stepFollow       = "SMOKE-003"
	stepCreateFirst  = "SMOKE-004"
	stepCreateSecond = "SMOKE-005"
	stepList         = "SMOKE-006"
	stepTable        = "SMOKE-007"
	stepTold         = "SMOKE-008"
	stepGet          = "SMOKE-009"
	stepUpdate       = "SMOKE-010"
	stepDeleteFirst  = "SMOKE-011"
	stepDeleteSecond = "SMOKE-012"
	stepGone         = "SMOKE-013"
	stepLatency      = "SMOKE-014"
)

// Steps is the category of what a smoke test does after the checks.
const Steps Category = "smoke"

// SmokeSteps returns the steps in their order.
func SmokeSteps() []Check {
	works := []string{"API-011", "API-012", "API-013"} // accepted, callable, and of the right schema
	return []Check{
		{
			ID: stepTampered, Category: Steps, Title: "a tampered token is refused", needs: []string{"API-011"},
			Meaning: `The token of this run, with its signature changed, was shown to the API and should have been refused with 401. An API that takes it verifies no signature: anybody can write a token for it. With a Lambda authorizer, look at how the function verifies tokens.`,
		},
		{
			ID: stepExpired, Category: Steps, Title: "an expired token is refused", needs: []string{"API-011"},
			Meaning: `A token that has expired was shown to the API and should have been refused with 401. Without --expired-token-file it is this run's own token with an earlier end written into it, whose signature no longer fits; a real one, kept from an earlier run, also finds an API that verifies signatures and forgets to look at the time.`,
		},
		{
			ID: stepFollow, Category: Steps, Title: "a subscription to new customers begins", needs: []string{"API-011", "API-014"},
			Meaning: `onCreateCustomer was to be subscribed to over the API's real-time endpoint, and the API did not acknowledge it. The schema may not have the subscription, or a firewall may stop WebSocket connections.`,
		},
		{
			ID: stepCreateFirst, Category: Steps, Title: "create customer1 (Boston, MA, USA)", needs: works,
			Meaning: `The API was to create a customer and return it as it was sent. A refusal with "Not Authorized" comes from the schema's directives; an error that begins with DynamoDB comes from the data source: its role, its table, or its resolver.`,
		},
		{
			ID: stepCreateSecond, Category: Steps, Title: "create customer2 (Dallas, TX, USA)", needs: []string{stepCreateFirst},
			Meaning: `The API was to create a second customer, beside the first.`,
		},
		{
			ID: stepList, Category: Steps, Title: "list both customers", needs: []string{stepCreateSecond},
			Meaning: `Both customers were created, and the list should show them within five seconds; lists are eventually consistent. A list that never shows them reads another table than the mutations write to, or drops items in its resolver.`,
		},
		{
			ID: stepTable, Category: Steps, Title: "the table holds both customers", needs: []string{stepCreateSecond},
			Meaning: `The two items are read from the DynamoDB table itself, with AWS credentials and without the API. A table without them is not the one that the API writes to: look at the data source of createCustomer, and at the region and account of the credentials.`,
		},
		{
			ID: stepTold, Category: Steps, Title: "the subscription tells of both customers", needs: []string{stepFollow, stepCreateSecond},
			Meaning: `onCreateCustomer should have announced both creations within ten seconds. A subscription gets the fields that the mutation asked for, and nothing of what is written past the API. Look at @aws_subscribe in the schema.`,
		},
		{
			ID: stepGet, Category: Steps, Title: "get customer1", needs: []string{stepCreateFirst},
			Meaning: `getCustomer was to return the first customer as it was created.`,
		},
		{
			ID: stepUpdate, Category: Steps, Title: "update customer1", needs: []string{stepGet},
			Meaning: `updateCustomer was to change the city of the first customer, to leave its other fields alone, and to return the result.`,
		},
		{
			ID: stepDeleteFirst, Category: Steps, Title: "delete customer1",
			Meaning: `The customer that this run created was to be deleted again, whatever came before. It is left behind now: "appsyncctl smoke clean" deletes leftovers, which carry a mark in their names.`,
		},
		{
			ID: stepDeleteSecond, Category: Steps, Title: "delete customer2",
			Meaning: `The customer that this run created was to be deleted again, whatever came before. It is left behind now: "appsyncctl smoke clean" deletes leftovers, which carry a mark in their names.`,
		},
		{
			ID: stepGone, Category: Steps, Title: "customer1 is gone", needs: []string{stepDeleteFirst},
			Meaning: `deleteCustomer returned the first customer, and getCustomer should find nothing any more. A delete resolver that only reads, or a cache in front of getCustomer, is the usual reason.`,
		},
		{
			ID: stepLatency, Category: Steps, Title: "the API is fast enough",
			Meaning: `The requests of this run took longer than --max-latency allows. Each request counts with its time from the first byte sent to the last received, each attempt for itself.`,
		},
	}
}

func smokeStep(id string) Check {
	for _, step := range SmokeSteps() {
		if step.ID == id {
			return step
		}
	}
	panic("checkup: no step is called " + id) // a programming error
}
