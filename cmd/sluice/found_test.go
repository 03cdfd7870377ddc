package main

import (
	"fmt"
	"strings"
	"testing"
)

// The ways in which bugs were found.
const (
	byReading    = "reading"    // somebody read issue and code, and asked what is untrue
	byProperty   = "properties" // of rapid
	byFuzzing    = "fuzzing"
	bySimulation = "simulation"
	byUse        = "use" // the program was run by hand, or by a command's test
)

// found are the bugs that could have taken an address away wrongly, made a call twice,
// let a change past its decision, shown a secret, or stopped the daemon, and the test that
// each left.
var found = []struct{ by, bug, test string }{
	{byReading, "a list of 65 to 255 addresses was read as empty, which asked for every removal", "TestEveryListThatTheSchemaLetsThroughIsReadWhole"},
	{byReading, "a co-author of an earlier commit could approve the change", "TestNobodyApprovesAChangeThatACommitOfTheirsIsPartOf"},
	{byReading, "where the look back failed, authors were unknown and approvals counted", "TestNobodyApprovesAChangeWhoseAuthorsAreNotAllKnown"},
	{byReading, "another URL of the repository was a way around the check of descent", "TestTheFirstCommitOfAnotherRepositoryMustDescendToo"},
	{byReading, "host:path had no name, so policies could stand beside the specs they judge", "TestARepositoryHasOneNameHoweverItIsReached"},
	{byReading, "after SIGHUP the new loop began with what it had prepared, and undid what the old one had done since", "TestANewLoopDoesNotGoBackToWhatItPreparedWith"},
	{byReading, "a receiver that repeats a header or a query put secrets into the log", "TestWhatIsSecretOfHeadersAndQueriesIsNotRepeated"},
	{byReading, "explain on the page failed once enough of the record was cut off", "TestAStoryBeginsBehindWhatWasCutOff"},
	{byReading, "an undefined value in a message dropped the denial", "TestAnUndefinedValueInAMessageIsAnErrorAndNoPass"},
	{byReading, "the next holder of a lease took a lost call for one that never was, by its own clock, and sent it again", "TestALostCallIsNoOlderByTheNextHoldersClock"},
	{byReading, "a process that was stopped while it connected sent its call after another could have the target", "TestACallWhoseTimeEndsWhileItsConnectionIsMadeIsNotSent"},
	{byReading, "cleaning up after a conformance run read one page, and left a gateway", "TestCleanReadsEveryPage"},
	{byReading, "cleaning up deleted what had the tag by then, not what a person had been shown", "TestCleanDeletesWhatWasShownAndNothingElse"},
	{byReading, "the certificates of the page were read at the start only", "TestMutualTLSLetsInWhoShowsACertificateOfTheAuthority"},
	{byReading, "a removal over the budget went out in parts where one resource could not be read for a while", "TestARemovalThatCannotBeReadCountsAsItWasReadLast"},
	{byReading, "one commit of the year 10000, or of an author with a name of 180 KB, stopped the record", "TestWhatACommitSaysOfItselfIsBounded"},
	{byReading, "the record of a commit with hundreds of co-authors could grow too large to be written", "TestNoCommitIsTooLargeForTheRecord"},
	{byReading, "thousands of distinct warnings made a decision too large for the record, and nothing was carried out", "TestADecisionIsRecordedHoweverMuchRulesSayOfIt"},
	{byReading, "a replica that an outage had kept from giving a lease back took it again, and forgot its call without an answer", "TestACallWithoutAnAnswerIsNotForgottenByTheNextHoldingOfTheSameReplica"},
	{byReading, "a target whose lease was damaged passed for held: nobody worked for it, and nobody was told", "TestATargetWhoseLeaseIsDamagedIsToldAndGoesOnOnceThatIsDeleted"},
	{byReading, "each try of a folder of exports that hangs left a thread and up to 16 MiB behind, every hour for each target", "TestInAFolderThatHangsOnePieceOfWorkIsLeftBehindAndNoMore"},
	{byReading, "each author of a change was compared with all before, so that tens of thousands in a message stopped the loop for minutes a turn", "TestOfTensOfThousandsOfAuthorsNoMoreAreLookedAtThanARecordHas"},
	{byReading, "what was left of a change with more authors than its record lists, any other of them could approve under the next commit", "TestNobodyApprovesWhatIsLeftOfAChangeWithMoreAuthorsThanARecordLists"},
	{byReading, "a decision of texts that do not pack was too large for a table's item, and its target stood still", "TestWhatDoesNotPackIsRecordedInATableToo"},
	{byReading, "a thousand commits that say as much as they can were more than the process that reads them may answer, and every change was held", "TestALineOfCommitsThatSayAllTheyCanFitsTheAnswer"},
	{byReading, "once a part of a change was applied, approvals counted of those who made commits of it that had not been read", "TestNobodyApprovesWhatIsLeftOfAChangeWhoseAuthorsCouldNotAllBeLookedAt"},
	{byProperty, "a month's last day was lost in leap years: Go's ZoneBounds is wrong there", "TestNextAgreesWithAClockThatIsWatched"},
	{byFuzzing, "a control byte of a configuration reached the terminal", "FuzzLoad"},
	{byFuzzing, "an answer to UnassignPrivateIpAddresses that was cut off passed for a success", "FuzzMutatingAnswer"},
	{byFuzzing, "an answer of STS that could not be read was repeated in part, where keys should have stood", "FuzzAssumeRole"},
	{bySimulation, "a clock that was set back kept every resource with a recent call waiting for hours", "TestAClockThatIsSetBackHoldsNothingUp"},
	{bySimulation, "a clock that was set ahead made a lost call old at once, so that it was sent again", "TestAClockThatIsSetAheadMakesNoLostCallOldAtOnce"},
	{bySimulation, "an address that two specs list went to the one whose resource could be read, while the other's could not", "TestClaims"},
	{bySimulation, "a loop that another one woke looked again without a pause for as long as a source failed", "TestALookThatFailsHasHeardWhatRangBeforeIt"},
	{bySimulation, "a lease was given back as clean right after a call without an answer, and the next holder did not wait for that call", "TestALeaseGivenBackSoonAfterACallWithoutAnAnswerIsNotClean"},
	{bySimulation, "a clock that was set ahead while sluice was down made a lost call old at once, so that it was sent again", "TestAClockThatIsSetAheadBeforeARestartMakesNoLostCallOldAtOnce"},
	{byUse, "a conformance run whose reader was gone ended by SIGPIPE and left its gateway", "TestAConformanceRunThatNobodyReadsLeavesNothing"},
	{byUse, "two statuses of a replica had one number of turns, and the page that went by it ended the daemon", "TestNoTwoStatusesThatDifferHaveTheSameNumberOfTurns"},
	{byUse, "an SSH server that talks beside the conversation was read without end", "TestAnSSHServerThatTalksBesideTheConversationEndsAtTheByteCap"},
	{byUse, "the output of a credential_process that could not be read was shown, keys and all", "TestWhatACredentialProcessPrintsIsNotRepeated"},
	{byUse, "a session token that an endpoint repeated got into messages and the record", "TestSecretsThatAnAnswerRepeatsAreNotRepeated"},
	{byUse, "a listing of slow pages without an end held the daemon up, which said that all was well", "TestALookAtEC2EndsHoweverManyPagesItHas"},
}

func TestEveryBugThatWasFoundHasItsTest(t *testing.T) {
	there := testNames(t, "../..")
	count := map[string]int{}
	for _, f := range found {
		if !there[f.test] {
			t.Errorf("there is no %s, which is to find again: %s", f.test, f.bug)
		}
		count[f.by]++
	}
	var counts []string
	for _, by := range []string{byReading, bySimulation, byFuzzing, byProperty, byUse} {
		if count[by] == 0 {
			t.Errorf("nothing was found by %s", by)
		}
		counts = append(counts, fmt.Sprintf("%s %d", by, count[by]))
	}
	t.Logf("figure: grave bugs by what found them: %s", strings.Join(counts, ", "))
}
