package nexus

// How Nexus turns record numbers into the ids and tokens that clients see. SQL eras scramble the number by a
// multiplication modulo 2^32 (org.sonatype.nexus.repository.content.store.InternalIds); OrientDB encrypts its record
// id, here with a cipher and a key of our own, since only the form of the result matters.

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

const (
	scramble   = 1327217885
	unscramble = 828308341 // the inverse of scramble modulo 2^32
)

// token is the continuation token that leads to what comes after record id.
func (r release) token(id int64) string {
	if r.era != orient {
		return strconv.FormatUint(uint64(uint32(uint64(id)*scramble)), 16)
	}
	var block [aes.BlockSize]byte
	binary.BigEndian.PutUint64(block[8:], uint64(id))
	orientCipher().Encrypt(block[:], block[:])
	return hex.EncodeToString(block[:])
}

// record is the inverse of token.
func (r release) record(token string) (int64, error) {
	if r.era == orient {
		block, err := hex.DecodeString(token)
		if err != nil || len(block) != aes.BlockSize {
			return 0, fmt.Errorf("%q is no record id", token)
		}
		orientCipher().Decrypt(block, block)
		if binary.BigEndian.Uint64(block) != 0 {
			return 0, fmt.Errorf("%q is no record id", token)
		}
		return int64(binary.BigEndian.Uint64(block[8:])), nil
	}
	n, err := strconv.ParseUint(token, 16, 32)
	if err != nil {
		n, err = strconv.ParseUint(token, 10, 32)
	}
	return int64(uint32(n * unscramble)), err
}

func orientCipher() cipher.Block {
	block, err := aes.NewCipher([]byte("record-id-cipher"))
	if err != nil {
		panic(err) // the key has the length that AES wants
	}
	return block
}

// restID is the id of an asset in the REST API.
func (r release) restID(repository string, id int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(repository + ":" + r.token(id)))
}

// statusError is a status that the REST API answers with an empty body.
type statusError int

func (e statusError) Error() string { return http.StatusText(int(e)) }

// parseRestID takes a REST id apart. Its errors are statusErrors.
func (r release) parseRestID(text string) (repository string, id int64, err error) {
	plain, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return "", 0, statusError(http.StatusNotFound)
	}
	repository, token, ok := strings.Cut(string(plain), ":")
	if id, err = r.record(token); err != nil || !ok {
		return "", 0, statusError(http.StatusUnprocessableEntity)
	}
	return repository, id, nil
}

// badToken is what the REST API answers to a continuation token that it can not read.
func (r release) badToken() int {
	if r.era == orient {
		return http.StatusNotAcceptable
	}
	return http.StatusInternalServerError
}

// after reads the continuation token of a request; 0 is the beginning.
func (r release) after(token string, given bool) (int64, error) {
	if !given || token == "" && r.era == orient {
		return 0, nil
	}
	if token == "" {
		return 0, errors.New(`java.lang.NumberFormatException: For input string: ""`)
	}
	id, err := r.record(token)
	if err != nil {
		return 0, fmt.Errorf("java.lang.NumberFormatException: For input string: %q", token)
	}
	return id, nil
}
