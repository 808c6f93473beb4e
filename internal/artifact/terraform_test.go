package artifact

import "testing"

func TestTerraformModule(t *testing.T) {
	for name, want := range map[string]string{
		"acme/vpc/aws": "vpc/aws", "vpc/aws": "vpc/aws", "a/b/c/d": "c/d", "Acme/my-vpc/aws": "my-vpc/aws", "a_b/c-1/d-": "c-1/d-",
		"aws": "", "": "", "acme/my_vpc/aws": "", "acme/VPC/aws": "", "acme/vpc/aws.x": "", "acme/vpc/": "", "/aws": "", "acme//aws": "", "vpc/aws\n": "",
	} {
		got, ok := TerraformModule(name)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q is %q %v, want %q", name, got, ok, want)
		}
	}
	for name, want := range map[string]string{"acme/vpc/aws": "vpc-aws-1.0.0.tgz", "vpc/aws": "vpc-aws-1.0.0.tgz"} {
		if got := TerraformFile(name, "1.0.0"); got != want {
			t.Errorf("%s has the file %s, want %s", name, got, want)
		}
	}
}
