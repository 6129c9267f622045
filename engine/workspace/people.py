"""The shop's people as the settings declare them: who is in a team must be declared, and addresses must be addresses."""

from engine.settings import Settings
from engine.settings.staff import is_address
from engine.source.near import suggest
from engine.workspace.reading import Draft


def check_people(draft: Draft, settings: Settings) -> None:
    """Notes members of teams whom nobody knows, names that stand for two, and addresses that are none."""
    staff, source = settings.staff, draft.source
    for name, person in staff.people.items():
        if person.email is not None and not is_address(person.email):
            place = source.place(("staff", "people", name, "email"))
            draft.add(place, "value", f"`{person.email}` is not one address", "write for example  anna@shop.example")
    for team, members in staff.teams.items():
        place = source.key_place(("staff", "teams", team))
        if team in staff.people:
            second = (source.key_place(("staff", "people", team)), "this person")
            draft.add(place, "duplicate-name", f"a person is called `{team}` too", "choose another name", second=second)
        for member in members:
            if member not in staff.people:
                helps = suggest(member, staff.people, "there are") or ("declare it under  people:",)
                at = source.key_place(("staff", "teams", team, member))
                draft.add(at, "unknown-staff", f"there is no person `{member}` in `staff`", *helps)
