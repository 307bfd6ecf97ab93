package main

import (
	"time"

	"github.com/juju/juju/core/leadership"
	"github.com/juju/juju/core/life"
	"github.com/juju/juju/rpc/params"
)

// addLife registers what a hook context asks of a unit's life: it is alive and
// has saved nothing but the charm's own state.
func (c *controller) addLife() {
	add := func(name string, h handler) { c.handlers["Uniter."+name] = h }
	add("Refresh", method(func(a params.Entities) (params.UnitRefreshResults, error) {
		return params.UnitRefreshResults{Results: forEach(c, a,
			func() params.UnitRefreshResult { return params.UnitRefreshResult{Life: life.Alive} },
			func(e *params.Error) params.UnitRefreshResult { return params.UnitRefreshResult{Error: e} },
		)}, nil
	}))
	add("Life", method(func(a params.Entities) (params.LifeResults, error) {
		out := params.LifeResults{Results: make([]params.LifeResult, len(a.Entities))}
		for i := range a.Entities {
			out.Results[i].Life = life.Alive
		}
		return out, nil
	}))
	add("State", method(func(a params.Entities) (params.UnitStateResults, error) {
		return params.UnitStateResults{Results: []params.UnitStateResult{{CharmState: c.model.CharmState}}}, nil
	}))
}

// tracker is the leadership tracker of the unit agent; its answer follows the
// model.
type tracker struct{ c *controller }

type ticket bool

func (t ticket) Ready() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

func (t ticket) Wait() bool { return bool(t) }

func (t tracker) ApplicationName() string        { return t.c.model.app() }
func (t tracker) ClaimDuration() time.Duration   { return 30 * time.Second }
func (t tracker) WaitLeader() leadership.Ticket  { return ticket(t.c.model.Leader) }
func (t tracker) WaitMinion() leadership.Ticket  { return ticket(!t.c.model.Leader) }
func (t tracker) ClaimLeader() leadership.Ticket { return t.claim() }

// claim records the claim like an API call: it is what makes "is-leader" and
// friends cost something.
func (t tracker) claim() leadership.Ticket {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	t.c.calls = append(t.c.calls, Call{
		Method: "Tracker.ClaimLeader", Tool: t.c.tool, Phase: t.c.phase,
		AtMS: time.Since(t.c.started).Milliseconds(),
	})
	return ticket(t.c.model.Leader)
}
