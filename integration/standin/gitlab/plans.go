package gitlab

import (
	"net/http"
	"slices"
)

// The limits of the instance, which only an administrator may read: GitLab's lib/api/admin/plan_limits.rb,
// lib/api/entities/plan_limit.rb and db/structure.sql (plan_limits).

var (
	planNames = []string{
		"default", "free", "bronze", "silver", "premium", "gold", "ultimate", "ultimate_trial", "ultimate_trial_paid_customer",
		"premium_trial", "opensource",
	}
	// planLimits are the columns that no mode sets.
	planLimits = map[string]any{
		"ci_instance_level_variables": 25, "ci_pipeline_size": 0, "ci_active_jobs": 0, "ci_project_subscriptions": 2,
		"ci_pipeline_schedules": 10, "ci_needs_size_limit": 50, "ci_registered_group_runners": 1000,
		"ci_registered_project_runners": 1000, "conan_max_file_size": 3221225472, "dotenv_size": 5120, "dotenv_variables": 20,
		"enforcement_limit": 0, "limits_history": map[string]any{}, "notification_limit": 0, "pipeline_hierarchy_size": 1000,
		"storage_size_limit": 0, "web_hook_calls": 0, "web_hook_calls_low": 0, "web_hook_calls_mid": 0,
	}
	// planModes are those that a mode sets.
	planModes = map[string]string{
		"maven_max_file_size": "limit.maven", "npm_max_file_size": "limit.npm", "pypi_max_file_size": "limit.pypi",
		"nuget_max_file_size": "limit.nuget", "generic_packages_max_file_size": "limit.generic",
		"terraform_module_max_file_size": "limit.terraform", "helm_max_file_size": "limit.helm",
	}
)

func (s *Server) planLimits(e *exchange) {
	who, ok := s.account(e)
	if !ok {
		return
	}
	plan := e.r.URL.Query().Get("plan_name")
	switch {
	case !who.admin:
		e.fail(http.StatusForbidden, "403 Forbidden")
		return
	case plan != "" && !slices.Contains(planNames, plan):
		e.invalid("plan_name does not have a valid value")
		return
	case plan != "" && plan != "default":
		e.fail(http.StatusNotFound, "404 Plan Not Found")
		return
	}
	shown := map[string]any{}
	for column, value := range planLimits {
		shown[column] = value
	}
	for column, mode := range planModes {
		shown[column] = s.modes.number(mode)
	}
	e.json(http.StatusOK, shown)
}
