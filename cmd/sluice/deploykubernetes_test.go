package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// deployment is a Deployment as far as the example goes: a field that is not here is
// a misspelt one, and an error.
type deployment struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   any    `json:"metadata"`
	Spec       struct {
		Replicas int `json:"replicas"`
		Strategy struct {
			Type string `json:"type"`
		} `json:"strategy"`
		Selector struct {
			MatchLabels map[string]string `json:"matchLabels"`
		} `json:"selector"`
		Template struct {
			Metadata struct {
				Labels map[string]string `json:"labels"`
			} `json:"metadata"`
			Spec pod `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
}

type pod struct {
	ServiceAccountName            string `json:"serviceAccountName"`
	AutomountServiceAccountToken  *bool  `json:"automountServiceAccountToken"`
	EnableServiceLinks            *bool  `json:"enableServiceLinks"`
	TerminationGracePeriodSeconds int    `json:"terminationGracePeriodSeconds"`
	SecurityContext               struct {
		RunAsNonRoot        bool              `json:"runAsNonRoot"`
		RunAsUser           int               `json:"runAsUser"`
		RunAsGroup          int               `json:"runAsGroup"`
		FSGroup             int               `json:"fsGroup"`
		FSGroupChangePolicy string            `json:"fsGroupChangePolicy"`
		SeccompProfile      map[string]string `json:"seccompProfile"`
	} `json:"securityContext"`
	Containers []container `json:"containers"`
	Volumes    []struct {
		Name                  string            `json:"name"`
		ConfigMap             map[string]string `json:"configMap"`
		Secret                map[string]any    `json:"secret"`
		PersistentVolumeClaim map[string]string `json:"persistentVolumeClaim"`
	} `json:"volumes"`
}

type container struct {
	Name            string              `json:"name"`
	Image           string              `json:"image"`
	Args            []string            `json:"args"`
	Env             []map[string]string `json:"env"`
	SecurityContext struct {
		AllowPrivilegeEscalation *bool               `json:"allowPrivilegeEscalation"`
		ReadOnlyRootFilesystem   bool                `json:"readOnlyRootFilesystem"`
		Capabilities             map[string][]string `json:"capabilities"`
	} `json:"securityContext"`
	Resources      map[string]map[string]string `json:"resources"`
	StartupProbe   probe                        `json:"startupProbe"`
	LivenessProbe  probe                        `json:"livenessProbe"`
	ReadinessProbe probe                        `json:"readinessProbe"`
	VolumeMounts   []struct {
		Name      string `json:"name"`
		MountPath string `json:"mountPath"`
		SubPath   string `json:"subPath"`
		ReadOnly  bool   `json:"readOnly"`
	} `json:"volumeMounts"`
}

type probe struct {
	Exec struct {
		Command []string `json:"command"`
	} `json:"exec"`
	PeriodSeconds    int `json:"periodSeconds"`
	FailureThreshold int `json:"failureThreshold"`
	TimeoutSeconds   int `json:"timeoutSeconds"`
}

func kubernetesDeployment(t *testing.T) deployment {
	t.Helper()
	var d deployment
	if err := yaml.UnmarshalStrict(manifests(t)["Deployment"], &d); err != nil || len(d.Spec.Template.Spec.Containers) != 1 {
		t.Fatal(err)
	}
	var written map[string]any
	if err := yaml.Unmarshal(manifests(t)["Deployment"], &written); err != nil {
		t.Fatal(err)
	}
	sameCase(t, "", written, reflect.TypeFor[deployment]())
	return d
}

// sameCase sees that fields are written as Kubernetes writes them: the decoder takes
// readOnlyRootFileSystem for readOnlyRootFilesystem, and the cluster does not.
func sameCase(t *testing.T, path string, written any, typ reflect.Type) {
	t.Helper()
	switch typ.Kind() {
	case reflect.Slice:
		for _, item := range written.([]any) {
			sameCase(t, path+"[]", item, typ.Elem())
		}
	case reflect.Struct:
		fields := map[string]reflect.Type{}
		for f := range typ.Fields() {
			fields[f.Tag.Get("json")] = f.Type
		}
		for name, value := range written.(map[string]any) {
			if fields[name] == nil {
				t.Errorf("%s.%s is written otherwise", path, name)
				continue
			}
			sameCase(t, path+"."+name, value, fields[name])
		}
	}
}

func podContainer(t *testing.T) container {
	return kubernetesDeployment(t).Spec.Template.Spec.Containers[0]
}

func TestTheKubernetesDeploymentHasOneConfinedWriter(t *testing.T) {
	d := kubernetesDeployment(t)
	p, c := d.Spec.Template.Spec, podContainer(t)
	off := func(b *bool) bool { return b != nil && !*b }
	for rule, kept := range map[string]bool{
		"one replica, never two at once":           d.Spec.Replicas == 1 && d.Spec.Strategy.Type == "Recreate",
		"the selector finds the pod":               d.Spec.Selector.MatchLabels["app.kubernetes.io/name"] == d.Spec.Template.Metadata.Labels["app.kubernetes.io/name"],
		"no root":                                  p.SecurityContext.RunAsNonRoot && p.SecurityContext.RunAsUser == 65532 && p.SecurityContext.FSGroup == 65532,
		"seccomp":                                  p.SecurityContext.SeccompProfile["type"] == "RuntimeDefault",
		"no token of the cluster":                  off(p.AutomountServiceAccountToken),
		"no more privileges than at the start":     off(c.SecurityContext.AllowPrivilegeEscalation),
		"a file system that is read-only":          c.SecurityContext.ReadOnlyRootFilesystem,
		"no capability":                            slices.Equal(c.SecurityContext.Capabilities["drop"], []string{"ALL"}),
		"room for the processes":                   c.Resources["limits"]["memory"] == "3Gi" && worstCase <= 3*1024,
		"probes that have the time they need":      c.StartupProbe.PeriodSeconds*c.StartupProbe.FailureThreshold >= 300 && c.LivenessProbe.TimeoutSeconds >= 5,
		"a service account":                        p.ServiceAccountName == "sluice",
		"time for a call to end":                   p.TerminationGracePeriodSeconds >= 60,
		"the API answers what shares the pod only": !strings.Contains(deployed(t, "kubernetes/sluice.yaml"), "containerPort"),
	} {
		if !kept {
			t.Errorf("broken: %s", rule)
		}
	}
	volumes := map[string]string{}
	for _, v := range p.Volumes {
		volumes[v.Name] = v.ConfigMap["name"] + v.PersistentVolumeClaim["claimName"]
		if name, ok := v.Secret["secretName"].(string); ok {
			volumes[v.Name] = name
		}
	}
	for _, m := range c.VolumeMounts {
		if volumes[m.Name] == "" || m.ReadOnly != (m.MountPath != "/var/lib/sluice") {
			t.Errorf("mount %+v of %q", m, volumes[m.Name])
		}
	}
}

func TestTheKubernetesObjectsBelongTogether(t *testing.T) {
	all := manifests(t)
	for _, kind := range []string{"Namespace", "ServiceAccount", "ConfigMap", "PersistentVolumeClaim", "Deployment", "NetworkPolicy"} {
		var o struct {
			Metadata struct {
				Name, Namespace string
				Annotations     map[string]string
			}
		}
		if err := yaml.Unmarshal(all[kind], &o); err != nil || o.Metadata.Name != "sluice" || kind != "Namespace" && o.Metadata.Namespace != "sluice" {
			t.Errorf("%s: %+v, %v", kind, o, err)
		}
		if kind == "ServiceAccount" && o.Metadata.Annotations["eks.amazonaws.com/role-arn"] == "" {
			t.Error("the service account names no role")
		}
	}
	var policy struct {
		Spec struct {
			PodSelector struct{ MatchLabels map[string]string }
			PolicyTypes []string
			Ingress     []any
			Egress      []struct{ Ports []struct{ Port int } }
		}
	}
	if err := yaml.Unmarshal(all["NetworkPolicy"], &policy); err != nil {
		t.Fatal(err)
	}
	var ports []int
	for _, e := range policy.Spec.Egress {
		for _, p := range e.Ports {
			ports = append(ports, p.Port)
		}
	}
	if !slices.Equal(policy.Spec.PolicyTypes, []string{"Ingress", "Egress"}) || policy.Spec.Ingress != nil || !slices.Equal(ports, []int{53, 53, 443, 22}) ||
		policy.Spec.PodSelector.MatchLabels["app.kubernetes.io/name"] != "sluice" {
		t.Errorf("%+v", policy)
	}
}
