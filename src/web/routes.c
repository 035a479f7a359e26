/* Every page there is. */
#include "web/auth.h"
#include "web/pages.h"

const struct route routes[] = {
    {METHOD_GET, "/healthz", ACCESS_MACHINE, ON_LOOP, health_page},
    {METHOD_GET, "/metrics", ACCESS_MACHINE, IN_PAGES, metrics_page},
    {METHOD_GET, "/assets/page.css", ACCESS_ANYONE, ON_LOOP, asset_page},
    {METHOD_GET, "/assets/live.js", ACCESS_ANYONE, ON_LOOP, asset_page},
    {METHOD_GET, "/assets/icon.svg", ACCESS_ANYONE, ON_LOOP, asset_page},

    {METHOD_GET, "/calendar/{token}.ics", ACCESS_ANYONE, IN_CALENDARS, feed_page},
    {METHOD_GET, "/c/{token}", ACCESS_ANYONE, IN_CALENDARS, visit_page},
    {METHOD_GET, REQUEST_REPORT_PATH ROUTER_REST, ACCESS_PROVIDER, IN_PAGES, report_page},
    {METHOD_POST, REQUEST_REPORT_PATH ROUTER_REST, ACCESS_PROVIDER, IN_PAGES, report_page},

    {METHOD_GET, "/sign-in", ACCESS_ANYONE, ON_LOOP, auth_sign_in_page},
    {METHOD_POST, "/sign-in", ACCESS_ANYONE, IN_SIGN_IN, auth_sign_in},
    {METHOD_POST, "/sign-out", ACCESS_READER, IN_PAGES, auth_sign_out},

    {METHOD_GET, "/", ACCESS_READER, IN_PAGES, page_today},
    {METHOD_POST, "/pause", ACCESS_MANAGER, IN_PAGES, page_pause},
    {METHOD_POST, "/resume", ACCESS_MANAGER, IN_PAGES, page_resume},
    {METHOD_GET, "/clients", ACCESS_READER, IN_PAGES, page_clients},
    {METHOD_GET, "/clients/{id}", ACCESS_READER, IN_PAGES, page_client},
    {METHOD_GET, "/clients/new", ACCESS_STAFF, IN_PAGES, page_client_edit},
    {METHOD_POST, "/clients/new", ACCESS_STAFF, IN_PAGES, page_client_save},
    {METHOD_GET, "/clients/{id}/edit", ACCESS_STAFF, IN_PAGES, page_client_edit},
    {METHOD_POST, "/clients/{id}/edit", ACCESS_STAFF, IN_PAGES, page_client_save},
    {METHOD_GET, "/clients/{id}/note", ACCESS_STAFF, IN_PAGES, page_note},
    {METHOD_POST, "/clients/{id}/note", ACCESS_STAFF, IN_PAGES, page_note_save},
    {METHOD_GET, "/clients/{id}/consent", ACCESS_STAFF, IN_PAGES, page_consent},
    {METHOD_POST, "/clients/{id}/consent", ACCESS_STAFF, IN_PAGES, page_consent_save},
    {METHOD_GET, "/clients/{id}/answer", ACCESS_STAFF, IN_PAGES, page_answer},
    {METHOD_POST, "/clients/{id}/answer", ACCESS_STAFF, IN_PAGES, page_answer_save},

    {METHOD_POST, "/messages/{id}/retry", ACCESS_STAFF, IN_PAGES, page_message_retry},
    {METHOD_POST, "/messages/{id}/cancel", ACCESS_STAFF, IN_PAGES, page_message_cancel},
    {METHOD_POST, "/messages/{id}/gone", ACCESS_STAFF, IN_PAGES, page_message_gone},
    {METHOD_POST, "/tasks/{id}/done", ACCESS_STAFF, IN_PAGES, page_task_done},
    {METHOD_POST, "/tasks/{id}/undo", ACCESS_STAFF, IN_PAGES, page_task_undo},
    {METHOD_POST, "/tasks/{id}/yes", ACCESS_MANAGER, IN_PAGES, page_task_yes},

    {METHOD_GET, "/jobs", ACCESS_READER, IN_PAGES, page_board},
    {METHOD_GET, "/jobs/{id}", ACCESS_READER, IN_PAGES, page_job},
    {METHOD_GET, "/appointments", ACCESS_READER, IN_PAGES, page_appointments},
    {METHOD_GET, "/appointments/{id}", ACCESS_READER, IN_PAGES, page_appointment},

    {METHOD_GET, "/playbook", ACCESS_READER, IN_PAGES, page_playbook},
    {METHOD_GET, "/playbook/{name}", ACCESS_READER, IN_PAGES, page_rule},
    {METHOD_POST, "/playbook/{name}/pause", ACCESS_MANAGER, IN_PAGES, page_rule_pause},
    {METHOD_POST, "/playbook/{name}/resume", ACCESS_MANAGER, IN_PAGES, page_rule_resume},

    {METHOD_GET, "/templates", ACCESS_READER, IN_PAGES, page_templates},
    {METHOD_GET, "/templates/{name}", ACCESS_READER, IN_PAGES, page_template_all},
};
const size_t route_count = sizeof(routes) / sizeof(routes[0]);
