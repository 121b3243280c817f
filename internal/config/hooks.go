package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// How long a key of the hooks is, in bytes, as Standard Webhooks has it.
const (
	minKey = 24
	maxKey = 64
)

// maxHookTimeout keeps one receiver that does not answer from holding up the others.
const maxHookTimeout = 2 * time.Minute

// Key is the secret's bytes; nil without a secret. Its errors do not repeat the secret.
func (h Hooks) Key() ([]byte, error) {
	if h.Secret == "" {
		return nil, nil
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(string(h.Secret), "whsec_"))
	if err != nil || len(key) < minKey || len(key) > maxKey {
		return nil, fmt.Errorf("is not whsec_ and the base64 of %d to %d bytes: echo whsec_$(openssl rand -base64 32) makes one", minKey, maxKey)
	}
	return key, nil
}

// check looks at one key of the section.
func (h Hooks) check(name string) error {
	switch name {
	case "hooks.url":
		if h.URL == "" {
			return nil
		}
		if err := checkURL(string(h.URL)); err != nil {
			return err
		}
		if strings.HasPrefix(strings.ToLower(string(h.URL)), "http:") && !Loopback(string(h.URL)) {
			return errors.New("must be https: http is for a receiver on this machine")
		}
	case "hooks.secret":
		if h.Secret == "" && h.URL != "" && !Loopback(string(h.URL)) {
			return errors.New("is needed for a webhook that is not on this machine")
		}
		_, err := h.Key()
		return err
	case "hooks.command":
		if len(h.Command) > 0 && h.Command[0] == "" {
			return errors.New("names no program")
		}
	case "hooks.timeout":
		if h.Timeout > maxHookTimeout {
			return fmt.Errorf("%s is more than %s", shortDuration(h.Timeout), shortDuration(maxHookTimeout))
		}
	}
	return nil
}
