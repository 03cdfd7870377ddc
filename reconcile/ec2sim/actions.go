package ec2sim

// actions is the table of everything that the simulator can do, by name.
func actions() map[string]action {
	table := map[string]action{}
	for _, a := range []action{
		{name: "DescribeNatGateways", run: describeNatGateways, accepts: describeParams("NatGatewayId", idCheck("nat-", codeNatGatewayMalformed))},
		{name: "DescribeNetworkInterfaces", run: describeNetworkInterfaces, limit: describeInterfacesLimit, together: describeInterfacesTogether,
			accepts: describeInterfacesParams()},
		{name: "DescribeSubnets", run: describeSubnets, accepts: describeParams("SubnetId", idCheck("subnet-", codeSubnetMalformed))},
		{name: "GetSubnetCidrReservations", run: getSubnetCidrReservations, accepts: reservationParams()},
		{name: "AssignPrivateNatGatewayAddress", mutating: true, run: assignNatAddress, together: assignNatTogether, accepts: map[string]param{
			"NatGatewayId": oneID("nat-", codeNatGatewayMalformed), "PrivateIpAddress": {form: list, check: addressCheck},
			"PrivateIpAddressCount": {form: whole, min: 1, max: 31}, "DryRun": {form: truth}}},
		{name: "UnassignPrivateNatGatewayAddress", mutating: true, run: unassignNatAddress, together: distinct("PrivateIpAddress"), accepts: map[string]param{
			"NatGatewayId": oneID("nat-", codeNatGatewayMalformed), "PrivateIpAddress": {form: list, required: true, check: addressCheck},
			"MaxDrainDurationSeconds": {form: whole, min: 1, max: 4000}, "DryRun": {form: truth}}},
		// EC2 has no DryRun on the two below, and refuses the parameter.
		{name: "AssignPrivateIpAddresses", mutating: true, run: assignAddresses, together: assignTogether, accepts: map[string]param{
			"NetworkInterfaceId": oneID("eni-", codeInterfaceMalformed), "PrivateIpAddress": {form: list, check: addressCheck},
			"SecondaryPrivateIpAddressCount": {form: whole, min: 1, max: 1000}, "Ipv4Prefix": {form: list, check: prefixCheck},
			"Ipv4PrefixCount": {form: whole, min: 1, max: 1000}, "AllowReassignment": {form: truth}}},
		{name: "UnassignPrivateIpAddresses", mutating: true, run: unassignAddresses, together: unassignTogether, accepts: map[string]param{
			"NetworkInterfaceId": oneID("eni-", codeInterfaceMalformed), "PrivateIpAddress": {form: list, check: addressCheck},
			"Ipv4Prefix": {form: list, check: prefixCheck}}},
		{name: "CreateNatGateway", mutating: true, run: createNatGateway, together: createNatTogether, limit: func(params) limit { return natLimit() }, accepts: map[string]param{
			"SubnetId": oneID("subnet-", codeSubnetMalformed), "ConnectivityType": {form: text}, "AllocationId": {form: text}, "ClientToken": {form: text},
			"PrivateIpAddress": {form: text, check: addressCheck}, "SecondaryPrivateIpAddress": {form: list, check: addressCheck},
			"SecondaryPrivateIpAddressCount": {form: whole, min: 1, max: 31}, "TagSpecification": {form: tagSpecs}, "DryRun": {form: truth}}},
		{name: "DeleteNatGateway", mutating: true, run: deleteNatGateway, accepts: map[string]param{
			"NatGatewayId": oneID("nat-", codeNatGatewayMalformed), "DryRun": {form: truth}}},
		{name: "CreateNetworkInterface", mutating: true, run: createNetworkInterface, together: createInterfaceTogether, limit: func(params) limit { return otherLimit() }, accepts: map[string]param{
			"SubnetId": oneID("subnet-", codeSubnetMalformed), "Description": {form: text}, "SecurityGroupId": {form: list}, "ClientToken": {form: text},
			"PrivateIpAddress": {form: text, check: addressCheck}, "PrivateIpAddresses": {form: addressSpecs, check: addressSpecCheck},
			"SecondaryPrivateIpAddressCount": {form: whole, min: 1, max: 1000}, "Ipv4Prefix": {form: prefixSpecs, check: prefixCheck},
			"Ipv4PrefixCount": {form: whole, min: 1, max: 1000}, "TagSpecification": {form: tagSpecs}, "DryRun": {form: truth}}},
		{name: "DeleteNetworkInterface", mutating: true, run: deleteNetworkInterface, limit: func(params) limit { return otherLimit() }, accepts: map[string]param{
			"NetworkInterfaceId": oneID("eni-", codeInterfaceMalformed), "DryRun": {form: truth}}},
		{name: "CreateTags", mutating: true, run: createTags, limit: func(params) limit { return otherLimit() }, accepts: map[string]param{
			"ResourceId": {form: list, required: true}, "Tag": {form: tagPairs, required: true}, "DryRun": {form: truth}}},
		{name: identityAction, run: getCallerIdentity},
		{name: simulateAction, run: simulatePrincipalPolicy, accepts: map[string]param{
			"PolicySourceArn": {form: text, required: true}, "ActionNames": {form: members, required: true}, "ResourceArns": {form: members},
			"MaxItems": {form: whole, min: 1, max: 1000}}},
	} {
		if a.limit == nil {
			a.limit = a.usualLimit
		}
		table[a.name] = a
	}
	return table
}

// usualLimit is the token bucket of an action that has no rule of its own.
func (a action) usualLimit(params) limit {
	switch {
	case !a.mutating:
		return readLimit(a.name)
	case a.accepts["NatGatewayId"].required:
		return natLimit()
	}
	return interfaceLimit()
}

// oneID is a parameter that names one resource and must be there.
func oneID(prefix, malformed string) param {
	return param{form: text, required: true, check: idCheck(prefix, malformed)}
}

// describeParams are the parameters of a paged Describe call with ids.
func describeParams(ids string, check func(name, value string) *failure) map[string]param {
	return map[string]param{
		ids: {form: list, check: check}, "Filter": {form: filters}, "MaxResults": pageSize,
		"NextToken": {form: text}, "DryRun": {form: truth},
	}
}

// describeInterfacesParams are the parameters of DescribeNetworkInterfaces.
func describeInterfacesParams() map[string]param {
	accepts := describeParams("NetworkInterfaceId", idCheck("eni-", codeInterfaceMalformed))
	accepts["IncludeManagedResources"] = param{form: truth} // all are shown anyway
	return accepts
}

// reservationParams: this call names its one subnet without a number.
func reservationParams() map[string]param {
	accepts := describeParams("SubnetId", nil)
	accepts["SubnetId"] = oneID("subnet-", codeSubnetMalformed)
	return accepts
}

// distinct refuses a value that stands twice in a list.
func distinct(names ...string) func(params) *failure {
	return func(p params) *failure {
		for _, name := range names {
			seen := map[string]bool{}
			for _, v := range p.list(name) {
				if seen[v] {
					return fail(codeInvalidValue, "%s is given twice in %s", v, name)
				}
				seen[v] = true
			}
		}
		return nil
	}
}

// either refuses two parameters that exclude each other.
func either(p params, a, b string) *failure {
	if p.has(a) && p.has(b) {
		return fail(codeInvalidCombination, "The parameter %s cannot be used with the parameter %s", a, b)
	}
	return nil
}

// anyOf refuses a request with none of the parameters.
func anyOf(p params, names ...string) *failure {
	for _, name := range names {
		if p.has(name) {
			return nil
		}
	}
	return fail(codeMissingParameter, "Either %s or another of %q must be specified", names[0], names[1:])
}

// firstOf returns the first problem that there is.
func firstOf(problems ...*failure) *failure {
	for _, p := range problems {
		if p != nil {
			return p
		}
	}
	return nil
}
