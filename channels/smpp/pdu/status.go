package pdu

import "fmt"

// Status is the command_status of an answer (SMPP 3.4 §5.1.3).
type Status uint32

// Those that are told apart, or sent.
const (
	OK                     Status = 0x00
	InvalidMessageLength   Status = 0x01
	InvalidCommandLength   Status = 0x02
	InvalidCommand         Status = 0x03
	WrongBindState         Status = 0x04
	AlreadyBound           Status = 0x05
	SystemError            Status = 0x08
	InvalidSource          Status = 0x0a
	InvalidDestination     Status = 0x0b
	BindFailed             Status = 0x0d
	InvalidPassword        Status = 0x0e
	InvalidSystemID        Status = 0x0f
	QueueFull              Status = 0x14
	InvalidDestinationFlag Status = 0x40
	InvalidSubmit          Status = 0x43
	SubmitFailed           Status = 0x45
	InvalidSourceTON       Status = 0x48
	InvalidSourceNPI       Status = 0x49
	InvalidDestinationTON  Status = 0x50
	InvalidDestinationNPI  Status = 0x51
	Throttled              Status = 0x58
	InvalidSchedule        Status = 0x61
	InvalidValidity        Status = 0x62
	ReceiverTemporary      Status = 0x64 // ESME_RX_T_APPN: offer it again
	ReceiverPermanent      Status = 0x65 // ESME_RX_P_APPN: do not
	UnknownError           Status = 0xff
)

// String is how a status is kept: 0x0000000b.
func (s Status) String() string { return fmt.Sprintf("0x%08x", uint32(s)) }
