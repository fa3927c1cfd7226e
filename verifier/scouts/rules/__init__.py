"""The weights-free scout. `scout` puts together what the modules beside it find, group by group."""

from verifier.scouts.rules.scout import RulesScout, rules_scout

__all__ = ["RulesScout", "rules_scout"]
