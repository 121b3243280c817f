package host

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"

	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/file"
	"drugslm/internal/telemetry"
)

// dialTimeout is how long a server may take to answer.
const dialTimeout = 10 * time.Second

// Dial connects to Temporal as the configuration says.
func Dial(ctx context.Context, c config.Config, t *telemetry.Telemetry, log *slog.Logger) (client.Client, error) {
	return dial(ctx, c, t, newSDKLogger(log, c.Temporal.Address))
}

func dial(ctx context.Context, c config.Config, t *telemetry.Telemetry, log *sdkLogger) (client.Client, error) {
	tracing, err := t.Interceptor()
	if err != nil {
		return nil, err
	}
	options := client.Options{
		HostPort: c.Temporal.Address, Namespace: c.Temporal.Namespace,
		Logger: log, Interceptors: []interceptor.ClientInterceptor{tracing},
		MetricsHandler: t.TemporalMetrics(),
	}
	if c.Temporal.UseTLS() {
		if options.ConnectionOptions.TLS, err = tlsConfig(c.Temporal); err != nil {
			return nil, err
		}
	}
	if c.Temporal.APIKey != "" {
		options.Credentials = client.NewAPIKeyStaticCredentials(string(c.Temporal.APIKey))
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	connected, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "connect to Temporal",
			"%s does not answer (%s): `starter dev --data %s` starts a server, --temporal-address or DRUGSLM_TEMPORAL_ADDRESS names another", c.Temporal.Address, cause(err), c.Data)
	}
	return connected, nil
}

// cause is why a server does not answer, without the layers that only pass it on.
func cause(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "it took too long"
	}
	text := strings.TrimSuffix(err.Error(), `"`)
	if at := strings.LastIndex(text, `desc = "`); at >= 0 {
		text = text[at+len(`desc = "`):]
	}
	for _, layer := range []string{"transport: ", "Error while dialing: "} {
		text = strings.TrimPrefix(text, layer)
	}
	return text
}

// maxPEM bounds a file of certificates: the authorities of a whole system are 250 kB.
const maxPEM = 16 << 20

func tlsConfig(t config.Temporal) (*tls.Config, error) {
	const op = "read TLS files"
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.TLSCA != "" {
		pem, err := file.Read(t.TLSCA, maxPEM)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, op, err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fault.New(fault.Invalid, op, "%s holds no certificate", t.TLSCA)
		}
	}
	if t.TLSCert != "" {
		pair, err := keyPair(t)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, op, err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return conf, nil
}

// keyPair reads the client's certificate and its key.
func keyPair(t config.Temporal) (tls.Certificate, error) {
	certificate, err := file.Read(t.TLSCert, maxPEM)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := file.Read(t.TLSKey, maxPEM)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(certificate, key)
}
