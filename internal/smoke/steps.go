package smoke

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/appsync"
	"github.com/appsyncctl/appsyncctl/internal/auth"
	"github.com/appsyncctl/appsyncctl/internal/doctor"
	"github.com/appsyncctl/appsyncctl/internal/retry"
)

// Category is that of what a smoke test does.
const Category doctor.Category = "smoke"

// The steps. Each is called after what has been done when it passes.
const (
	CanBegin           doctor.ID = "SMOKE-000"
	TamperedRefused    doctor.ID = "SMOKE-001"
	ExpiredRefused     doctor.ID = "SMOKE-002"
	SubscriptionBegins doctor.ID = "SMOKE-003"
	FirstCreated       doctor.ID = "SMOKE-004"
	SecondCreated      doctor.ID = "SMOKE-005"
	BothListed         doctor.ID = "SMOKE-006"
	BothInTable        doctor.ID = "SMOKE-007"
	BothTold           doctor.ID = "SMOKE-008"
	FirstRead          doctor.ID = "SMOKE-009"
	FirstUpdated       doctor.ID = "SMOKE-010"
	FirstDeleted       doctor.ID = "SMOKE-011"
	SecondDeleted      doctor.ID = "SMOKE-012"
	BothGone           doctor.ID = "SMOKE-013"
	FastEnough         doctor.ID = "SMOKE-014"
)

// A step is something that a test does.
type step struct {
	doctor.Check
	unasked func(t *Test) string // why nobody asked for it; empty if somebody did
	always  bool                 // it is taken after Ctrl-C too
	run     func(r *run, ctx context.Context) doctor.Verdict
}

// Steps returns the steps, Beginning the first.
func Steps() []doctor.Check {
	all := []doctor.Check{Beginning()}
	for _, step := range steps() {
		all = append(all, step.Check)
	}
	return all
}

// Plan returns all that a test looks at, in the order of its reports: whether it can
// begin, the checks, and the steps that come after them.
func Plan() []doctor.Check {
	all := Steps()
	return slices.Concat(all[:1], doctor.Catalogue(), all[1:])
}

// Find returns the step called id.
func Find(id doctor.ID) (doctor.Check, bool) {
	all := Steps()
	i := slices.IndexFunc(all, func(c doctor.Check) bool { return c.ID == id })
	if i < 0 {
		return doctor.Check{}, false
	}
	return all[i], true
}

// Beginning is the step before all checks. Whoever puts a Test together takes it, and
// what goes wrong there is blamed on no check that did not make it.
func Beginning() doctor.Check {
	return doctor.Check{
		ID: CanBegin, Category: Category, Title: "the test can begin",
		Meaning: `What the test needs before it looks at anything is made ready: the token of --expired-token-file is read, and with --emulator an emulator is started, with a folder for temporary files. When that fails nothing is known of the API, and all other steps are skipped. Mend what the message names, such as the name of the file, its permissions, or a disk that is full, and run the test again.`,
	}
}

// steps are those after the checks, in their order.
func steps() []step {
	reached := []doctor.ID{doctor.SettingsComplete, doctor.CallerAccepted}           // what was meant, and accepted
	works := append(slices.Clone(reached), doctor.FieldsCallable, doctor.SchemaFits) // and of the right schema
	return []step{
		{
			Check: doctor.Check{
				ID: TamperedRefused, Category: Category, Title: "a tampered token is refused",
				Meaning: `The token of this run is shown to the API with its signature changed, and with another end written into it, which the signature does not fit; the API should refuse both with 401. An API that takes one verifies no signature: anybody can write a token for it. Look at how a Lambda authorizer verifies tokens, and let no other authorization mode in beside the one that is set.`,
			}.Needing(reached...),
			unasked: withoutTokens, run: (*run).refuseTampered,
		},
		{
			Check: doctor.Check{
				ID: ExpiredRefused, Category: Category, Title: "an expired token is refused",
				Meaning: `A token that was good and has expired is shown to the API, which should refuse it with 401. It must be a real one, since the signature has to fit: that of --expired-token-file, or one that the token store still holds from an earlier run; without one the step is skipped. Whoever finds an old token in a log can use an API that takes it: let the Lambda authorizer compare exp with the clock.`,
			}.Needing(reached...),
			unasked: withoutExpired, run: (*run).refuseExpired,
		},
		{
			Check: doctor.Check{
				ID: SubscriptionBegins, Category: Category, Title: "a subscription to new customers begins",
				Meaning: `onCreateCustomer is subscribed to over the API's real-time endpoint. When the API does not acknowledge it, the schema may not have the subscription, the caller may not be allowed to use it, or a firewall may stop WebSocket connections. Add onCreateCustomer to the schema, with the directive of createCustomer, or let WebSocket connections out.`,
			}.Needing(doctor.SettingsComplete, doctor.CallerAccepted, doctor.RealtimeConnects),
			unasked: notFollowing, run: (*run).follow,
		},
		{
			Check: doctor.Check{
				ID: FirstCreated, Category: Category, Title: "create customer1 (Boston, MA, USA)",
				Meaning: `The API is asked to create a customer, and should return it as it was sent. A refusal with "Not Authorized" comes from the schema's directives: add the one of the API's mode to createCustomer. An error that begins with DynamoDB comes from the data source: look at its role, its table and its resolver.`,
			}.Needing(works...),
			unasked: readOnly, run: func(r *run, ctx context.Context) doctor.Verdict { return r.first.create(ctx) },
		},
		{
			Check: doctor.Check{
				ID: SecondCreated, Category: Category, Title: "create customer2 (Dallas, TX, USA)",
				Meaning: `The API is asked to create a second customer, beside the first. When only this fails, what worked once does not work always: the table may have too little capacity, or the resolver may make one id for all customers. Look at the table's throttled writes, and at how the resolver makes the id, as with autoId().`,
			}.Needing(FirstCreated),
			unasked: readOnly, run: func(r *run, ctx context.Context) doctor.Verdict { return r.second.create(ctx) },
		},
		{
			Check: doctor.Check{
				ID: BothListed, Category: Category, Title: "list both customers",
				Meaning: `Both customers are looked for in the list, which should show them within five seconds; lists are eventually consistent. A list that never shows them reads another table than the mutations write to, or drops items in its resolver. Compare the data sources of listCustomers and createCustomer, and look at what the resolver does with a filter and with nextToken.`,
			}.Needing(SecondCreated),
			unasked: readOnly, run: (*run).findBoth,
		},
		{
			Check: doctor.Check{
				ID: BothInTable, Category: Category, Title: "the table holds both customers",
				Meaning: `The two items are read from the DynamoDB table itself, with AWS credentials and without the API. A table without them is not the one that the API writes to, and one that cannot be read tells nothing. Look at the data source of createCustomer, and at the region and the account of the credentials, which need dynamodb:GetItem.`,
			}.Needing(SecondCreated),
			unasked: withoutTable, run: (*run).readTable,
		},
		{
			Check: doctor.Check{
				ID: BothTold, Category: Category, Title: "the subscription tells of both customers",
				Meaning: `Both creations should be announced by onCreateCustomer within ten seconds. A subscription gets the fields that the mutation asked for, and nothing of what is written past the API; one that stays silent is tied to another mutation, or filters. Look at @aws_subscribe in the schema, and at the subscription's resolver, if it has one.`,
			}.Needing(SubscriptionBegins, SecondCreated),
			unasked: notFollowing, run: (*run).awaitBoth,
		},
		{
			Check: doctor.Check{
				ID: FirstRead, Category: Category, Title: "get customer1",
				Meaning: `The first customer is read by its id, and should come back as it was created. When it is not found, or has other fields, getCustomer reads another table than createCustomer writes to, or looks for another key. Compare the data sources of both, and see that the resolver reads the item whose key is the argument id.`,
			}.Needing(FirstCreated),
			unasked: readOnly, run: func(r *run, ctx context.Context) doctor.Verdict { return r.first.get(ctx) },
		},
		{
			Check: doctor.Check{
				ID: FirstUpdated, Category: Category, Title: "update customer1",
				Meaning: `The city of the first customer is changed, which should leave its other fields alone and return the result. A field that is lost was overwritten by a resolver that puts the whole item, and a refusal comes from the schema's directives. Let the resolver of updateCustomer update only the fields that were sent, and add the directive of the API's mode to the field.`,
			}.Needing(FirstRead),
			unasked: readOnly, run: func(r *run, ctx context.Context) doctor.Verdict { return r.first.update(ctx) },
		},
		{
			Check: doctor.Check{
				ID: FirstDeleted, Category: Category, Title: "delete customer1",
				Meaning: deletion,
			},
			unasked: readOnly, always: true,
			run: func(r *run, ctx context.Context) doctor.Verdict { return r.cleanUp(ctx, r.first) },
		},
		{
			Check: doctor.Check{
				ID: SecondDeleted, Category: Category, Title: "delete customer2",
				Meaning: deletion,
			},
			unasked: readOnly, always: true,
			run: func(r *run, ctx context.Context) doctor.Verdict { return r.cleanUp(ctx, r.second) },
		},
		{
			Check: doctor.Check{
				ID: BothGone, Category: Category, Title: "both customers are gone",
				Meaning: `Both customers are read once more after deleteCustomer has returned them, and should not be found. One that is still there was returned by a delete resolver that only reads, or by a cache. Look at the operation of the resolver of deleteCustomer, and take getCustomer out of the API's cache.`,
			}.Needing(FirstDeleted, SecondDeleted),
			unasked: readOnly, run: (*run).bothGone,
		},
		{
			Check: doctor.Check{
				ID: FastEnough, Category: Category, Title: "the API is fast enough",
				Meaning: `The calls of this run are timed, each attempt for itself, from the first byte sent to the last received, and compared with --max-latency; those that show bad tokens do not count. An API that is too slow may have had a cold start, a table that throttles, or a long way to go. Run the test again, look at the API's Latency in CloudWatch, which leaves the network out, and raise the limit if it was too tight.`,
			},
			unasked: unlimited, run: (*run).measure,
		},
	}
}

const deletion = `The customer that this run created is deleted again, whatever came before. When that fails it is left behind: the schema's directives may forbid deleteCustomer, or the data source's role dynamodb:DeleteItem. "appsyncctl smoke clean" deletes leftovers, which carry a mark in their names.`

func withoutTokens(t *Test) string {
	if t.Presented == nil {
		return "this authorization mode uses no token"
	}
	return ""
}

func withoutExpired(t *Test) string {
	if t.Presented != nil && t.Expired == "" {
		return "no token that has really expired is at hand: --expired-token-file"
	}
	return withoutTokens(t)
}

func readOnly(t *Test) string {
	if t.ReadOnly {
		return "read only"
	}
	return ""
}

func notFollowing(t *Test) string {
	if t.Follow == nil {
		return "not asked for: --subscribe"
	}
	return readOnly(t)
}

func withoutTable(t *Test) string {
	if t.Table == nil {
		return "not asked for: --table"
	}
	return readOnly(t)
}

func unlimited(t *Test) string {
	if len(t.Latencies) == 0 {
		return "no limit is set: --max-latency"
	}
	return ""
}

// measure compares what the API's answers took with the limits.
func (r *run) measure(ctx context.Context) doctor.Verdict {
	taken := r.Meter.Taken()
	if r.ReadOnly { // nothing else has called the API with its own token
		one := 1
		if _, err := appsync.ListCustomers(ctx, r.API, nil, &one, nil); err != nil {
			return blame(err)
		}
		taken = r.Meter.Taken()
	}
	if len(taken) == 0 {
		return doctor.Unknown.With("no request was answered")
	}
	var evidence []doctor.Evidence
	slow := ""
	for _, limit := range r.Latencies {
		measured := limit.of(taken)
		evidence = append(evidence, doctor.Evidence{
			Name: limit.Name, Expected: "at most " + limit.Most.String(), Found: measured.Round(time.Microsecond * 100).String(), From: "this run",
		})
		if measured > limit.Most && slow == "" {
			slow = limit.tooSlow(measured, len(taken))
		}
	}
	if slow != "" {
		return doctor.Failure.With(slow, evidence...)
	}
	return doctor.OK.With("fast enough", evidence...)
}

func (r *run) refuseTampered(ctx context.Context) doctor.Verdict {
	token, err := r.Token(ctx)
	if err != nil {
		return blame(err)
	}
	verdict := r.refuse(ctx, tampered(token), "a token with a changed signature")
	if later, isJWT := endMoved(token, r.Now()); isJWT && verdict.Result == doctor.OK {
		return r.refuse(ctx, later, "a token with another end than was signed")
	}
	return verdict
}

func (r *run) refuseExpired(ctx context.Context) doctor.Verdict {
	claims, err := auth.ParseClaims(r.Expired)
	if err != nil || claims.Expiry.IsZero() || !claims.Expiry.Before(r.Now()) {
		return doctor.Failure.With("the token that was given as expired is no JWT whose time is over")
	}
	return r.refuse(ctx, r.Expired, "an expired token")
}

// refuse shows the API a token that it must refuse with 401.
func (r *run) refuse(ctx context.Context, token, what string) doctor.Verdict {
	var data map[string]any
	request := &graphql.Request{Query: "query Refused { __typename }", OpName: "Refused"}
	err := r.Presented(token).MakeRequest(ctx, request, &graphql.Response{Data: &data})
	answer, answered := errors.AsType[*appsync.ResponseError](err)
	switch {
	case err == nil:
		return doctor.Verdict{Result: doctor.Failure, Message: "the API accepted " + what, Err: errors.New("the API accepted " + what)}
	case !answered || mute(answer):
		return blame(err)
	case !answer.Unauthorized():
		return doctor.Failure.With(fmt.Sprintf("the API answered %s with status %d instead of 401", what, answer.Status))
	default:
		return doctor.OK.With("refused with 401")
	}
}

// tampered returns token with another signature: its last part, or the whole of an
// opaque token, is turned around.
func tampered(token string) string {
	dot := strings.LastIndexByte(token, '.') + 1
	signature := []byte(token[dot:])
	changed := false
	for i, j := 0, len(signature)-1; i < j; i, j = i+1, j-1 {
		changed = changed || signature[i] != signature[j]
		signature[i], signature[j] = signature[j], signature[i]
	}
	if !changed {
		signature = append(signature, 'A')
	}
	return token[:dot] + string(signature)
}

// endMoved returns a JWT with its claims, but that it is good for an hour from now.
func endMoved(token string, now time.Time) (string, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims map[string]json.RawMessage
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return "", false
	}
	claims["exp"] = json.RawMessage(fmt.Sprint(now.Add(time.Hour).Unix()))
	claims["iat"] = json.RawMessage(fmt.Sprint(now.Unix()))
	payload, err = json.Marshal(claims)
	parts[1] = base64.RawURLEncoding.EncodeToString(payload)
	return strings.Join(parts, "."), err == nil
}

// A list is eventually consistent: a new record may be missing for a moment.
const (
	listTries = 5
	listPause = time.Second
)

// findBoth lists customers until it has seen both, unchanged.
func (r *run) findBoth(ctx context.Context) doctor.Verdict {
	for try := 1; ; try++ {
		missing, verdict := r.missing(ctx, r.first, r.second)
		switch {
		case verdict.Result != doctor.OK:
			return verdict
		case missing == nil:
			return doctor.OK.With("both are there")
		case try == listTries:
			return doctor.Failure.With(*missing.input.Name + " was created, but the list does not show it")
		}
		if err := retry.Wait(ctx, listPause); err != nil {
			return doctor.Verdict{Result: doctor.Unknown, Message: "interrupted", Err: err}
		}
	}
}

// missing returns the first of wanted that the list does not show.
func (r *run) missing(ctx context.Context, wanted ...*customer) (*customer, doctor.Verdict) {
	found := make(map[string]bool)
	for page, err := range appsync.Pages(ctx, r.API, appsync.Paging{Filter: r.Mark.filter()}) {
		if err != nil {
			return nil, blame(err)
		}
		for _, customer := range page.Customers {
			for _, c := range wanted {
				if c.id != customer.Id {
					continue
				}
				if verdict := c.compare(fields(customer), "the list"); verdict.Result != doctor.OK {
					return nil, verdict
				}
				found[c.id] = true
			}
		}
		if len(found) == len(wanted) {
			return nil, doctor.OK.With("")
		}
	}
	for _, c := range wanted {
		if !found[c.id] {
			return c, doctor.OK.With("")
		}
	}
	return nil, doctor.OK.With("")
}

// toldWithin is how long an announcement may take.
const toldWithin = 10 * time.Second

func (r *run) follow(ctx context.Context) doctor.Verdict {
	// The step's deadline is for the beginning only: what comes later, another step waits
	// for, and Run closes the feed.
	life, end := context.WithCancelCause(context.WithoutCancel(ctx))
	begun := context.AfterFunc(ctx, func() { end(context.Cause(ctx)) })
	feed, err := r.Follow(life)
	begun()
	if err != nil {
		end(nil)
		return blame(err)
	}
	r.feed, r.unfollow = feed, end
	return doctor.OK.With("acknowledged")
}

// awaitBoth waits until the subscription has told of both customers.
func (r *run) awaitBoth(ctx context.Context) doctor.Verdict {
	waiting, cancel := r.Deadline.Set(ctx, toldWithin, "")
	defer cancel()
	missing := map[string]*customer{r.first.id: r.first, r.second.id: r.second}
	for len(missing) > 0 {
		select {
		case change, open := <-r.feed.Changes:
			if !open {
				return blame(r.feed.Err())
			}
			if change.Err != nil {
				return blame(change.Err)
			}
			c, ours := missing[change.Customer.Id]
			if !ours {
				continue // another run's, or a person's
			}
			if verdict := c.compare(fields(change.Customer), "the subscription"); verdict.Result != doctor.OK {
				return verdict
			}
			delete(missing, c.id)
		case <-waiting.Done():
			if ctx.Err() != nil {
				return doctor.Verdict{Result: doctor.Unknown, Message: "interrupted", Err: context.Cause(ctx)}
			}
			var names []string
			for _, c := range missing {
				names = append(names, *c.input.Name)
			}
			return doctor.Failure.With("the subscription did not tell of " + strings.Join(names, " and "))
		}
	}
	return doctor.OK.With("it told of both")
}

// A Table reads an item by its id, without the API.
type Table interface {
	Item(ctx context.Context, id string) (map[string]string, bool, error)
}

// readTable looks for both customers in the table itself.
func (r *run) readTable(ctx context.Context) doctor.Verdict {
	for _, c := range []*customer{r.first, r.second} {
		item, there, err := r.item(ctx, c.id)
		switch {
		case err != nil:
			return blame(err)
		case !there:
			return doctor.Failure.With(fmt.Sprintf("the table has no item %s, though the API created %s", c.id, *c.input.Name),
				doctor.Evidence{Name: "id", Expected: c.id, Found: "no such item", From: "the table"})
		}
		if verdict := c.compare(item, "the table"); verdict.Result != doctor.OK {
			return verdict
		}
	}
	return doctor.OK.With("it holds both")
}

// item reads an item, and gives that up at the end of ctx: credentials may come from a
// program that takes its time.
func (r *run) item(ctx context.Context, id string) (item map[string]string, there bool, err error) {
	type result struct {
		item  map[string]string
		there bool
		err   error
	}
	read := make(chan result, 1)
	go func() {
		item, there, err := r.Table.Item(ctx, id)
		read <- result{item, there, err}
	}()
	select {
	case found := <-read:
		return found.item, found.there, found.err
	case <-ctx.Done():
		return nil, false, context.Cause(ctx)
	}
}

// bothGone looks for the customers that were deleted.
func (r *run) bothGone(ctx context.Context) doctor.Verdict {
	for _, c := range []*customer{r.first, r.second} {
		resp, err := appsync.GetCustomer(ctx, c.api, c.id)
		switch {
		case err != nil:
			return blame(err)
		case resp.GetCustomer != nil:
			verdict := doctor.Failure.With(fmt.Sprintf("%s (%s) was deleted and is still found", *c.input.Name, c.id))
			verdict.Fix = r.sweep()
			return verdict
		}
	}
	return doctor.OK.With("neither is found any more")
}
