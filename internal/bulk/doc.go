// Package bulk moves whole files into an API and out of it.
//
// An import reads and checks every row before it sends the first. Then each row is
// sent until it ends in exactly one place: created, already there, in conflict,
// rejected, or unknown. What is known of a row is kept in a journal, row by row, never
// as an offset, because with several requests in flight the rows that are done are not
// a prefix of the file.
//
// There are two ways not to create a row twice, and the API's schema decides which:
//
//   - Key mode, when the caller may choose the id. The id is in the row, or made from
//     the job and the row's number (UUID version 5, RFC 9562 section 5.5), so that
//     sending again is harmless: an id that is taken is read back and compared.
//     AppSync over DynamoDB does not even refuse the very record that it has: it
//     answers as if it had created it ("Condition expressions" in its developer
//     guide). Nothing tells the two apart, and such a row counts as created.
//   - Journal mode, when the API makes the id. The intent to send is on the disk before
//     the request leaves. A row whose answer was lost is not sent again before a list
//     of the whole table has shown that it is not there.
//
// An export writes pages into a part file, notes after each how far it came, and
// renames the file when it is whole.
//
// The package knows nothing of GraphQL, tokens or terminals: API and Lister are what
// it needs of the other side. google/uuid makes the ids, and gofrs/flock is a lock
// that ends with its process, however that ends.
package bulk
