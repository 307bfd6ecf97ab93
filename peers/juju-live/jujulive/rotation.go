package main

import (
	"github.com/juju/errors"

	apiservererrors "github.com/juju/juju/apiserver/errors"
	coresecrets "github.com/juju/juju/core/secrets"
	"github.com/juju/juju/rpc/params"
)

// addSecretLife registers what a unit needs that lives: its secrets' rotation
// and what the consumer's watcher asks.
func (c *controller) addSecretLife() {
	add := func(name string, h handler) { c.handlers["SecretsManager."+name] = h }
	add("SecretsRotated", method(func(a params.SecretRotatedArgs) (params.ErrorResults, error) {
		out := params.ErrorResults{Results: make([]params.ErrorResult, len(a.Args))}
		for i, arg := range a.Args {
			out.Results[i].Error = apiservererrors.ServerError(c.secretRotated(arg))
		}
		return out, nil
	}))
	add("GetConsumerSecretsRevisionInfo", method(func(a params.GetSecretConsumerInfoArgs) (params.SecretConsumerInfoResults, error) {
		out := params.SecretConsumerInfoResults{Results: make([]params.SecretConsumerInfoResult, len(a.URIs))}
		for i, raw := range a.URIs {
			label, revision, err := c.consumerInfo(raw)
			out.Results[i] = params.SecretConsumerInfoResult{
				Revision: revision, Label: label, Error: apiservererrors.ServerError(err),
			}
		}
		return out, nil
	}))
}

// consumerInfo is getSecretConsumerInfo.
func (c *controller) consumerInfo(raw string) (string, int, error) {
	uri, err := coresecrets.ParseURI(raw)
	if err != nil {
		return "", 0, err
	}
	s := c.model.secret(uri.ID)
	if s == nil {
		return "", 0, secretNotFound(uri)
	}
	if !c.readable(s) {
		return "", 0, apiservererrors.ErrPerm
	}
	info := s.Consumers[c.model.Unit]
	if info == nil {
		return "", 0, errors.NotFoundf("consumer %q metadata for secret %q", c.model.Unit, uri.ID)
	}
	label := info.Label
	if label == "" && c.owned(s) {
		label = s.Label
	}
	return label, info.Latest, nil
}

// secretRotated is the facade's SecretsRotated. Note the owner check, which a
// secret owned by a unit does not pass.
func (c *controller) secretRotated(arg params.SecretRotatedArg) error {
	uri, err := coresecrets.ParseURI(arg.URI)
	if err != nil {
		return err
	}
	s := c.model.secret(uri.ID)
	if s == nil {
		return secretNotFound(uri)
	}
	if s.Owner != c.model.app() {
		return apiservererrors.ErrPerm
	}
	policy := coresecrets.RotatePolicy(s.RotatePolicy)
	if !policy.WillRotate() {
		return nil
	}
	last := c.now()
	if s.NextRotate != nil {
		last = *s.NextRotate
	}
	next := *policy.NextRotateTime(last)
	forced := last.Add(coresecrets.RotateRetryDelay)
	willExpire := s.Expire != nil && s.Expire.Before(next)
	if willExpire && forced.Before(*s.Expire) || !arg.Skip && s.Latest == arg.OriginalRevision {
		next = forced
	}
	s.NextRotate = &next
	return nil
}
