// Package notify tells people and machines what became of commits: Slack, what takes
// Slack's webhooks (Mattermost, Rocket.Chat, …), and whoever receives CloudEvents over HTTP.
//
// What is told of a target is an [Episode]: it begins when something is to be done
// there, and ends when everything is as the commit says. Of an episode only what is new
// is told: another reason (a rule, a refusal, a drift), or another difference that
// waits. Progress is none, and neither are words that change, such as times and request ids.
//
//	Slack with a bot's token   one message an episode, edited in place; a reply in its thread for
//	                           each new reason that wants a person
//	Slack's incoming webhook   cannot edit: one message when it begins, one for each new reason, one
//	                           when it ends
//	CloudEvents                one event for each of these
//
// Everything goes through an outbox, so nobody waits for any of it: the newest news of an episode
// wins. What was told is forgotten with the process: what stands in the way then is told again.
package notify
