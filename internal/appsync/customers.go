// What genqlient cannot generate for customers: a change that tells removing a field from
// leaving it, several customers in one request, and the walk over the pages of a list.

package appsync

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/Khan/genqlient/graphql"

	"github.com/appsyncctl/appsyncctl/internal/paging"
)

// A CustomerChange is the input of UpdateCustomer. genqlient's own type for it
// has no way to tell a field that is to be removed from one that is to stay, so
// this one stands in its place (see genqlient.yaml).
type CustomerChange struct {
	ID string
	// Fields holds the fields that change, by their names in the schema. A nil
	// value removes the field; a field that is not here stays as it is.
	Fields map[string]*string
}

// MarshalJSON writes the fields beside the id.
func (c CustomerChange) MarshalJSON() ([]byte, error) {
	input := map[string]any{}
	for name, value := range c.Fields {
		input[name] = value
	}
	input["id"] = c.ID
	return json.Marshal(input)
}

// An InputField is a field of CreateCustomerInput in the schema of an API.
type InputField struct {
	Name     string
	Type     string // of its values, without !
	Required bool   // it must be set, and has no default
}

// CreateInputFields asks an API which fields CreateCustomerInput has. It returns none
// and no error when the API does not show its schema (introspectionConfig: DISABLED).
func CreateInputFields(ctx context.Context, client graphql.Client) ([]InputField, error) {
	const query = `query CreateCustomerInputFields {
  __type(name: "CreateCustomerInput") { inputFields { name defaultValue type { kind name ofType { name } } } }
}`
	var data struct {
		Type *struct {
			InputFields []struct {
				Name         string
				DefaultValue *string
				Type         struct {
					Kind, Name string
					OfType     *struct{ Name string }
				}
			}
		} `json:"__type"`
	}
	err := client.MakeRequest(ctx,
		&graphql.Request{OpName: "CreateCustomerInputFields", Query: query},
		&graphql.Response{Data: &data})
	if err != nil || data.Type == nil {
		return nil, err
	}
	var fields []InputField
	for _, f := range data.Type.InputFields {
		field := InputField{Name: f.Name, Type: f.Type.Name}
		if f.Type.Kind == "NON_NULL" && f.Type.OfType != nil {
			field.Type, field.Required = f.Type.OfType.Name, f.DefaultValue == nil
		}
		fields = append(fields, field)
	}
	return fields, nil
}

// CreateCustomers is CreateCustomer for several customers in one request: a field for
// each, told apart by aliases. AppSync executes them one after the other and gives each
// its own errors. The result has an entry for each input, nil where the answer has none;
// the error, if any, is a *ResponseError as for one, and ErrorAt finds what it says of
// an entry.
func CreateCustomers(ctx context.Context, client graphql.Client, inputs []CreateCustomerInput) ([]*Customer, error) {
	return many(ctx, client, manyFields[CreateCustomerInput]{
		operation: "mutation CreateCustomers", variable: "CreateCustomerInput!", field: "createCustomer(input: %s)",
	}, inputs)
}

// GetCustomers is GetCustomer for several ids in one request. An entry is nil where
// there is no customer.
func GetCustomers(ctx context.Context, client graphql.Client, ids []string) ([]*Customer, error) {
	return many(ctx, client, manyFields[string]{
		operation: "query GetCustomers", variable: "ID!", field: "getCustomer(id: %s)",
	}, ids)
}

// manyFields is an operation that asks for the same field with one variable each.
// genqlient cannot generate it, since their number is not known.
type manyFields[V any] struct {
	operation string
	variable  string // its type
	field     string // with %s for the variable
}

func many[V any](ctx context.Context, client graphql.Client, fields manyFields[V], values []V) ([]*Customer, error) {
	variables := make(map[string]V, len(values))
	var query strings.Builder
	query.WriteString(fields.operation + "(")
	for i, value := range values {
		variables[alias(i)] = value
		fmt.Fprintf(&query, "$%s: %s ", alias(i), fields.variable)
	}
	query.WriteString(") {\n")
	for i := range values {
		fmt.Fprintf(&query, "%s: "+fields.field+" { ...Customer }\n", alias(i), "$"+alias(i))
	}
	query.WriteString("}\n" + customerFragment())

	answers := make(map[string]*Customer, len(values))
	_, name, _ := strings.Cut(fields.operation, " ")
	err := client.MakeRequest(ctx,
		&graphql.Request{OpName: name, Query: query.String(), Variables: variables},
		&graphql.Response{Data: &answers})
	customers := make([]*Customer, len(values))
	for i := range values {
		customers[i] = answers[alias(i)]
	}
	return customers, err
}

func alias(i int) string { return "c" + strconv.Itoa(i) }

// customerFragment is the one that the generated operations use.
func customerFragment() string {
	return CreateCustomer_Operation[strings.Index(CreateCustomer_Operation, "fragment Customer "):]
}

// DefaultPageSize is how many items to ask for at once: AppSync has no limit of its own,
// DynamoDB ends a page at 1 MB.
const DefaultPageSize = 1000

// Paging says which customers to list, and in which steps.
type Paging struct {
	Filter *TableCustomerFilterInput // nil lets all pass
	Size   int                       // items that the API looks at for one page, before it filters; 0 chooses
	Limit  int                       // customers in all; 0 is all
	Token  string                    // nextToken to start at; empty is the beginning
}

// size is how many items to ask for. It stays the same for all pages, since the API
// may bind a nextToken to it, and Limit should end with a page.
func (p Paging) size() int {
	switch {
	case p.Size > 0:
		return p.Size
	case p.Limit == 0 || p.Filter != nil:
		return DefaultPageSize
	default:
		pages := (p.Limit + DefaultPageSize - 1) / DefaultPageSize
		return (p.Limit + pages - 1) / pages
	}
}

// A Page is one answer of listCustomers.
type Page struct {
	Customers []*Customer // without those that the caller may not see, which come as null
	Size      int         // how many items were asked for; a nextToken is good for pages of that size
	Token     string      // the nextToken that brought this page; empty for the first
	Next      string      // the nextToken to go on with; empty at the end
	// Cut is how many customers of this page were left out because Limit was
	// reached. Next then equals Token: the page comes again as a whole.
	Cut int
}

// Pages yields the API's pages one after the other, as paging.Pages does.
func Pages(ctx context.Context, client graphql.Client, options Paging) iter.Seq2[*Page, error] {
	size := options.size()
	walk := paging.Walk{Token: options.Token, Limit: options.Limit, Filtered: options.Filter != nil}
	pages := paging.Pages(ctx, walk, func(ctx context.Context, token string) (*paging.Page[*Customer], error) {
		return ListPage(ctx, client, options.Filter, size, token)
	})
	return func(yield func(*Page, error) bool) {
		for page, err := range pages {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(&Page{Customers: page.Items, Size: size, Token: page.Token, Next: page.Next, Cut: page.Cut}, nil) {
				return
			}
		}
	}
}

// Customers yields the customers of all pages. An error ends it.
func Customers(ctx context.Context, client graphql.Client, options Paging) iter.Seq2[*Customer, error] {
	return func(yield func(*Customer, error) bool) {
		for page, err := range Pages(ctx, client, options) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, customer := range page.Customers {
				if !yield(customer, nil) {
					return
				}
			}
		}
	}
}

// ListPage asks for one page. It may come with an error.
func ListPage(ctx context.Context, client graphql.Client, filter *TableCustomerFilterInput, size int, token string) (*paging.Page[*Customer], error) {
	var next *string
	if token != "" {
		next = &token
	}
	resp, err := ListCustomers(ctx, client, filter, &size, next)
	list := resp.GetListCustomers()
	if list == nil {
		if err == nil {
			err = &NullError{Operation: "listCustomers"}
		}
		return nil, err
	}
	page := &paging.Page[*Customer]{Items: slices.DeleteFunc(list.Items, func(c *Customer) bool { return c == nil })}
	if list.NextToken != nil {
		page.Next = *list.NextToken
	}
	return page, err
}

// Digest stands for the customer's content. State files keep it.
func (c *Customer) Digest() string {
	encoded, err := json.Marshal(c)
	if err != nil {
		panic(err) // texts only
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:16])
}
