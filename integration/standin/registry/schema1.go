package registry

// Docker's first form of manifests (distribution's docs/spec/manifest-v2-1.md, withdrawn), as registries still hold them:
// JSON with a signature inside. The digest is that of the JSON without it.

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/types"
)

// seedSchema1 stores an image of one layer with a signed schema 1 manifest.
func (s *Store) seedSchema1(repository string, layer []byte) {
	s.PutBlob(repository, Bytes(layer))
	compatibility := string(encoded(map[string]any{
		"id": strings.Repeat("5a", 32), "created": "2015-11-06T21:38:09.101632Z", "architecture": "amd64", "os": "linux", "config": map[string]any{},
	}))
	var payload bytes.Buffer
	_ = json.Indent(&payload, encoded(struct {
		SchemaVersion int              `json:"schemaVersion"`
		Name          string           `json:"name"`
		Tag           string           `json:"tag"`
		Architecture  string           `json:"architecture"`
		FSLayers      []map[string]any `json:"fsLayers"`
		History       []map[string]any `json:"history"`
	}{
		1, repository, "old", "amd64",
		[]map[string]any{{"blobSum": digestOf(layer)}}, []map[string]any{{"v1Compatibility": compatibility}},
	}), "", "   ")
	s.PutManifest(repository, "old", Manifest{string(types.DockerManifestSchema1Signed), digestOf(payload.Bytes()), signed(payload.Bytes())})
}

// signed puts a JSON Web Signature by a key that everybody knows into a document, as libtrust does.
func signed(payload []byte) []byte {
	encode := base64.RawURLEncoding.EncodeToString
	tail := []byte("\n}")
	head := bytes.TrimSuffix(payload, tail)
	protected := encode(encoded(map[string]any{"formatLength": len(head), "formatTail": encode(tail), "time": "2015-11-06T21:38:10Z"}))
	key, _ := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{7}, 32)) // a number below the curve's order
	sum := sha256.Sum256([]byte(protected + "." + encode(payload)))
	der, _ := key.Sign(nil, sum[:], crypto.SHA256) // without randomness it is the same every time
	var signature struct{ R, S *big.Int }
	_, _ = asn1.Unmarshal(der, &signature)
	point, _ := key.PublicKey.Bytes()
	block := encoded([]any{map[string]any{
		"header": map[string]any{
			"jwk": map[string]string{"kty": "EC", "crv": "P-256", "kid": "STND:INKE", "x": encode(point[1:33]), "y": encode(point[33:])},
			"alg": "ES256",
		},
		"signature": encode(append(signature.R.FillBytes(make([]byte, 32)), signature.S.FillBytes(make([]byte, 32))...)),
		"protected": protected,
	}})
	var pretty bytes.Buffer
	_ = json.Indent(&pretty, block, "   ", "   ")
	return bytes.Join([][]byte{head, []byte(",\n   \"signatures\": "), pretty.Bytes(), tail}, nil)
}
