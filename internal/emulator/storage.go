// Where the customers are kept.

package emulator

import (
	"context"
	"errors"

	"github.com/appsyncctl/appsyncctl/internal/emulator/appsync"
)

// storage is a store and what is to be told of it.
type storage struct {
	appsync.Store

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
		file, err := appsync.OpenFile(config.DataFile)
		if err != nil {
			return nil, err
		}
		return &storage{Store: file, Kind: storageFile, Name: config.DataFile, tokenKey: file.TokenKey(), close: file.Close}, nil
	case config.DynamoDBTable != "":
		table, err := appsync.OpenDynamoDB(ctx, config.DynamoDBTable)
		if err != nil {
			return nil, err
		}
		return &storage{Store: table, Kind: storageDynamoDB, Name: config.DynamoDBTable}, nil
	}
	return &storage{Store: appsync.NewMemory(), Kind: storageMemory}, nil
}

// Close lets go of the file, if there is one.
func (s *storage) Close() error {
	if s.close == nil {
		return nil
	}
	return s.close()
}

// over is the storage with another store in it, for Config.API may have put one.
func (s *storage) over(store appsync.Store) *storage {
	return &storage{Store: store, Kind: s.Kind, Name: s.Name}
}
