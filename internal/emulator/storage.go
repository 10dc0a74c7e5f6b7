// Where the customers are kept.

package emulator

import (
	"context"
	"errors"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync/store"
)

// storage is a table and what is to be told of it.
type storage struct {
	store.Table

	Kind     string // memory, file or dynamodb
	Name     string // of the file or the table
	tokenKey []byte // nil: nextTokens end with the emulator
	close    func() error
}

// The kinds of storage.
const (
	storageMemory   = "memory"
	storageFile     = "file"
	storageDynamoDB = "dynamodb"
)

func openStorage(ctx context.Context, config Config) (*storage, error) {
	switch {
	case config.DataFile != "" && config.DynamoDBTable != "":
		return nil, errors.New("customers are kept in a file or in a table, not in both")
	case config.DataFile != "":
		file, err := store.OpenFile(config.DataFile)
		if err != nil {
			return nil, err
		}
		return &storage{Table: file, Kind: storageFile, Name: config.DataFile, tokenKey: file.TokenKey(), close: file.Close}, nil
	case config.DynamoDBTable != "":
		table, err := store.OpenDynamoDB(ctx, config.DynamoDBTable)
		if err != nil {
			return nil, err
		}
		return &storage{Table: table, Kind: storageDynamoDB, Name: config.DynamoDBTable}, nil
	}
	return &storage{Table: store.NewMemory(), Kind: storageMemory}, nil
}

// Close lets go of the file, if there is one.
func (s *storage) Close() error {
	if s.close == nil {
		return nil
	}
	return s.close()
}

// over is the storage with another table in it, for Config.API may have put one.
func (s *storage) over(table store.Table) *storage {
	return &storage{Table: table, Kind: s.Kind, Name: s.Name}
}
