package ec2

import (
	"context"

	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
)

// operations are what is used of EC2's client, and all that is linked of it. The client
// itself must stand in no type: what reflection could reach, the linker keeps with all its
// methods, and templates reach by reflection. EC2 has seven hundred, 30 MB of them.
type operations struct {
	DescribeNatGateways              operation[awsec2.DescribeNatGatewaysInput, awsec2.DescribeNatGatewaysOutput]
	DescribeNetworkInterfaces        operation[awsec2.DescribeNetworkInterfacesInput, awsec2.DescribeNetworkInterfacesOutput]
	DescribeSubnets                  operation[awsec2.DescribeSubnetsInput, awsec2.DescribeSubnetsOutput]
	GetSubnetCidrReservations        operation[awsec2.GetSubnetCidrReservationsInput, awsec2.GetSubnetCidrReservationsOutput]
	AssignPrivateNatGatewayAddress   operation[awsec2.AssignPrivateNatGatewayAddressInput, awsec2.AssignPrivateNatGatewayAddressOutput]
	UnassignPrivateNatGatewayAddress operation[awsec2.UnassignPrivateNatGatewayAddressInput, awsec2.UnassignPrivateNatGatewayAddressOutput]
	AssignPrivateIpAddresses         operation[awsec2.AssignPrivateIpAddressesInput, awsec2.AssignPrivateIpAddressesOutput]
	UnassignPrivateIpAddresses       operation[awsec2.UnassignPrivateIpAddressesInput, awsec2.UnassignPrivateIpAddressesOutput]
}

type operation[In, Out any] func(context.Context, *In, ...func(*awsec2.Options)) (*Out, error)

func operationsOf(c *awsec2.Client) operations {
	return operations{
		DescribeNatGateways:              c.DescribeNatGateways,
		DescribeNetworkInterfaces:        c.DescribeNetworkInterfaces,
		DescribeSubnets:                  c.DescribeSubnets,
		GetSubnetCidrReservations:        c.GetSubnetCidrReservations,
		AssignPrivateNatGatewayAddress:   c.AssignPrivateNatGatewayAddress,
		UnassignPrivateNatGatewayAddress: c.UnassignPrivateNatGatewayAddress,
		AssignPrivateIpAddresses:         c.AssignPrivateIpAddresses,
		UnassignPrivateIpAddresses:       c.UnassignPrivateIpAddresses,
	}
}
