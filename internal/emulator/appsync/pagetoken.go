package appsync

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
)

const pageTokenVersion = 3

// pageTokens makes and reads nextTokens. One is the base64 of
// {"version":3,"token":"…"}, as AppSync's are; inside, sealed, is the id of the
// last item that was scanned, bound to the arguments of the query.
type pageTokens struct{ seal cipher.AEAD }

type pageToken struct {
	Version int    `json:"version"`
	Token   []byte `json:"token"`
}

func newPageTokens(key []byte) (pageTokens, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return pageTokens{}, err
	}
	seal, err := cipher.NewGCM(block)
	return pageTokens{seal: seal}, err
}

// make returns the token that continues after the item last in a query with these
// arguments.
func (p pageTokens) make(last, arguments string) string {
	// The same length for every short id, and about that of the real ones.
	plain := make([]byte, max(160, len(last)+1))
	plain[copy(plain, last)] = 1
	nonce := make([]byte, p.seal.NonceSize())
	_, _ = rand.Read(nonce)
	sealed := p.seal.Seal(nonce, nonce, plain, []byte(arguments))
	token, _ := json.Marshal(pageToken{Version: pageTokenVersion, Token: sealed}) // two plain fields
	return base64.StdEncoding.EncodeToString(token)
}

// read returns the id of the last item that was scanned.
func (p pageTokens) read(token, arguments string) (string, error) {
	data, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return "", err
	}
	var outer pageToken
	if err := json.Unmarshal(data, &outer); err != nil {
		return "", err
	}
	size := p.seal.NonceSize()
	if outer.Version != pageTokenVersion || len(outer.Token) < size {
		return "", errors.New("not a page token")
	}
	plain, err := p.seal.Open(nil, outer.Token[:size], outer.Token[size:], []byte(arguments))
	if err != nil {
		return "", err
	}
	end := len(plain) - 1
	for end > 0 && plain[end] == 0 {
		end--
	}
	return string(plain[:end]), nil
}
