package simulator

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// tokenLife is how long the portal's document tokens live: exp - nbf was exactly 300 s in every real one seen.
const tokenLife = 300 * time.Second

// tokenHeader is {"alg":"HS512"}: the real header, without the "typ" that most libraries add.
const tokenHeader = "eyJhbGciOiJIUzUxMiJ9."

// signer makes and checks the tokens under which documents are handed out: JWT, HS512, with jti, nbf and exp.
type signer struct{ key []byte }

func newSigner(seed uint64) signer {
	key := sha512.Sum512(binary.BigEndian.AppendUint64([]byte("portal"), seed))
	return signer{key: key[:]}
}

// sign gives a token for a document, as the real portal writes it.
func (s signer) sign(doc docID, now time.Time) string {
	from := now.Unix()
	claims := fmt.Appendf(nil, `{"jti":"%d","nbf":%d,"exp":%d}`, doc, from, from+int64(tokenLife/time.Second))
	text := tokenHeader + base64.RawURLEncoding.EncodeToString(claims)
	signature, _ := jwt.SigningMethodHS512.Sign(text, s.key) // fails only for a key that is not bytes
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// open gives the document of a token that is ours and alive.
func (s signer) open(token string, now time.Time) (docID, error) {
	var claims jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return s.key, nil },
		jwt.WithValidMethods([]string{"HS512"}), jwt.WithTimeFunc(func() time.Time { return now }), jwt.WithExpirationRequired())
	if err != nil {
		return 0, fmt.Errorf("token: %w", err)
	}
	id, err := strconv.ParseInt(claims.ID, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("token: document: %w", err)
	}
	return docID(id), nil
}
