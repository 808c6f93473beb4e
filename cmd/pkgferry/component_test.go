package main

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/rogpeppe/go-internal/testscript"
)

// input is one of a component's inputs, as GitLab describes them (https://docs.gitlab.com/ci/inputs/).
type input struct {
	Description string `yaml:"description"`
	Type        string `yaml:"type"`
	Regex       string `yaml:"regex"`
	Options     []any  `yaml:"options"`
	Default     any    `yaml:"default"`
}

// job is what a runner makes of a job of the component: the rest is for GitLab alone.
type job struct {
	Stage         string            `yaml:"stage"`
	Image         map[string]any    `yaml:"image"`
	Timeout       string            `yaml:"timeout"`
	Interruptible *bool             `yaml:"interruptible"`
	ResourceGroup string            `yaml:"resource_group"`
	Variables     map[string]string `yaml:"variables"`
	Cache         map[string]any    `yaml:"cache"`
	Script        []string          `yaml:"script"`
	Retry         struct {
		Max       int    `yaml:"max"`
		When      string `yaml:"when"`
		ExitCodes []int  `yaml:"exit_codes"`
	} `yaml:"retry"`
	AllowFailure struct {
		ExitCodes []int `yaml:"exit_codes"`
	} `yaml:"allow_failure"`
	Artifacts map[string]any `yaml:"artifacts"`
}

var interpolation = regexp.MustCompile(`\$\[\[ inputs\.([a-z-]+) \]\]`)

// component is "component FILE [INPUT=VALUE …]": it makes of templates/pkgferry.yml what GitLab and its runner make of it:
// the script of its job in FILE, and the variables of the job.
func component(ts *testscript.TestScript, _ bool, args []string) {
	text, err := os.ReadFile("../../templates/pkgferry.yml")
	ts.Check(err)
	header, body, found := strings.Cut(string(text), "\n---\n")
	if !found {
		ts.Fatalf("the component has no header")
	}
	var spec struct {
		Spec struct {
			Inputs map[string]input `yaml:"inputs"`
		} `yaml:"spec"`
	}
	ts.Check(yaml.UnmarshalWithOptions([]byte(header), &spec, yaml.Strict()))
	given := map[string]string{}
	for _, arg := range args[1:] {
		name, value, _ := strings.Cut(arg, "=")
		given[name] = value
	}
	values, err := valuesOf(spec.Spec.Inputs, given)
	ts.Check(err)
	used := map[string]bool{}
	body = interpolation.ReplaceAllStringFunc(body, func(ref string) string {
		name := interpolation.FindStringSubmatch(ref)[1]
		used[name] = true
		if _, ok := values[name]; !ok {
			ts.Fatalf("the input %s is used and not declared", name)
		}
		return values[name]
	})
	if len(used) != len(values) {
		ts.Fatalf("inputs are declared and not used: %v of %v", slices.Collect(maps.Keys(used)), slices.Collect(maps.Keys(values)))
	}
	var jobs map[string]job
	ts.Check(yaml.UnmarshalWithOptions([]byte(body), &jobs, yaml.Strict()))
	one, ok := jobs[values["job"]]
	if !ok || len(jobs) != 1 || !slices.Equal(one.Retry.ExitCodes, []int{codeBudget}) || !slices.Equal(one.AllowFailure.ExitCodes, []int{codeBudget}) {
		ts.Fatalf("this is not one job that goes on after exit code %d: %+v", codeBudget, jobs)
	}
	for name, value := range one.Variables {
		ts.Setenv(name, value)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join(one.Script, "\n")+"\n"), 0o600))
}

// valuesOf checks what was given as GitLab does, and adds the defaults.
func valuesOf(inputs map[string]input, given map[string]string) (map[string]string, error) {
	values := map[string]string{}
	for name := range given {
		if _, ok := inputs[name]; !ok {
			return nil, fmt.Errorf("there is no input %s", name)
		}
	}
	for name, in := range inputs {
		value, ok := given[name]
		switch {
		case !ok && in.Default == nil:
			return nil, fmt.Errorf("the input %s must be given", name)
		case !ok:
			value = fmt.Sprint(in.Default)
		}
		if len(in.Options) > 0 && !slices.ContainsFunc(in.Options, func(o any) bool { return fmt.Sprint(o) == value }) {
			return nil, fmt.Errorf("the input %s must be one of %v", name, in.Options)
		}
		if in.Regex != "" && !regexp.MustCompile(in.Regex).MatchString(value) {
			return nil, fmt.Errorf("the input %s must match %s", name, in.Regex)
		}
		if in.Description == "" {
			return nil, fmt.Errorf("the input %s is not described", name)
		}
		values[name] = value
	}
	return values, nil
}
